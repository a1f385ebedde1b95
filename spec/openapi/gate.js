// Starts Prism on an OpenAPI text and stands in front of it: what comes in is passed on, and so is
// what comes back. Clumio's media type has a "=", with which Prism cannot live; for it alone, the
// one of plain JSON goes through the gate. Prints its port once all is up. Ends when its parent
// does.
//
//   node gate.js MODULES TEXT
'use strict';

const http = require('http');
const net = require('net');
const path = require('path');
const { spawn } = require('child_process');

const WALLETS = 'application/api.clumio.wallets=v1+json';
const PLAIN = 'application/json';

const [modules, text] = process.argv.slice(2);
const parent = process.ppid;

function startPrism(port) {
  const program = path.join(modules, '@stoplight/prism-cli/dist/index.js');
  const prism = spawn(process.execPath, [program, 'mock', '--errors', '--dynamic', '--seed',
    'coffer', '-h', '127.0.0.1', '-p', String(port), text], { stdio: ['ignore', 'pipe', 'inherit'] });
  prism.on('exit', () => process.exit(1));
  process.on('exit', () => prism.kill());
  ['SIGTERM', 'SIGINT'].forEach((kind) => process.on(kind, () => process.exit(0)));
  setInterval(() => { if (process.ppid !== parent) process.exit(0); }, 500);
  return new Promise((resolve) => {
    prism.stdout.on('data', (said) => { if (/listening/.test(said)) resolve(); });
  });
}

function pass(request, response, port) {
  const headers = { ...request.headers };
  const isWallets = headers.accept === WALLETS;
  if (isWallets) headers.accept = PLAIN;
  const { method, url } = request;
  const onward = http.request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    if (isWallets && answer.statusCode < 300) answer.headers['content-type'] = WALLETS;
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}

const probe = net.createServer();
probe.listen(0, '127.0.0.1', () => {
  const { port } = probe.address();
  probe.close(async () => {
    await startPrism(port);
    const gate = http.createServer((request, response) => pass(request, response, port));
    gate.listen(0, '127.0.0.1', () => process.stdout.write(`${gate.address().port}\n`));
  });
});
