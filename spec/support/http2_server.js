// An HTTP/2 server on a loopback port that misbehaves to order: spec/support/http2.lua starts it
// and describes the orders. Prints its two ports; whoever connects to the second one is told what
// was seen so far. Ends when its parent does, and after a minute.
'use strict';

const fs = require('fs');
const http2 = require('http2');
const net = require('net');

const {
  NGHTTP2_NO_ERROR, NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_CANCEL,
  NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_HTTP_1_1_REQUIRED,
} = http2.constants;

const [certificate, key, ordersText] = process.argv.slice(2);
const orders = JSON.parse(ordersText);
const seen = { sessions: 0, requests: [] };

function answer(stream, order) {
  const headers = { ':status': order.status || 200 };
  if (order.type) headers['content-type'] = order.type;
  stream.respond(headers);
  stream.end(order.body || '');
}

function hangUp(session) {
  setTimeout(() => session.destroy(), 20);
}

const acts = {
  answer,
  // the stream is broken off: it may have been executed
  internal_error: (stream) => stream.close(NGHTTP2_INTERNAL_ERROR),
  cancel: (stream) => stream.close(NGHTTP2_CANCEL),
  calm: (stream) => stream.close(NGHTTP2_ENHANCE_YOUR_CALM),
  older: (stream) => stream.close(NGHTTP2_HTTP_1_1_REQUIRED),
  // "not processed, may be sent again"
  refuse: (stream) => stream.close(NGHTTP2_REFUSED_STREAM),
  // the connection ends; the stream counts as not processed
  goaway_before: (stream) => {
    stream.session.goaway(NGHTTP2_NO_ERROR, Math.max(stream.id - 2, 0));
    hangUp(stream.session);
  },
  // the connection ends; the stream counts as processed
  goaway_after: (stream) => {
    stream.session.goaway(NGHTTP2_NO_ERROR, stream.id);
    hangUp(stream.session);
  },
  goaway_error: (stream) => {
    stream.session.goaway(NGHTTP2_INTERNAL_ERROR, stream.id);
    hangUp(stream.session);
  },
  // the connection ends once all is answered
  answer_and_goaway: (stream, order) => {
    stream.session.goaway(NGHTTP2_NO_ERROR, stream.id);
    answer(stream, order);
  },
  half: (stream, order) => {
    stream.respond({ ':status': order.status || 200, 'content-type': order.type });
    stream.write(order.body.slice(0, order.body.length / 2));
    setTimeout(() => stream.close(NGHTTP2_INTERNAL_ERROR), 20);
  },
  drop: (stream) => stream.session.destroy(),
  silence: () => {},
};

function orderFor(number) {
  return orders[Math.min(number, orders.length) - 1];
}

const server = http2.createSecureServer({
  cert: fs.readFileSync(certificate), key: fs.readFileSync(key), allowHTTP1: true,
});

server.on('session', (session) => {
  seen.sessions += 1;
  session.on('error', () => {});
});

// A request counts from its head on.
server.on('stream', (stream, headers) => {
  const request = { method: headers[':method'], path: headers[':path'], version: '2', body: '' };
  seen.requests.push(request);
  const order = orderFor(seen.requests.length);
  stream.on('error', () => {});
  stream.on('data', (bytes) => { request.body += bytes; });
  if (order.at_once) acts[order.act](stream, order);
  else stream.on('end', () => acts[order.act](stream, order));
});

server.on('request', (request, response) => {
  if (request.httpVersionMajor === 2) return;
  seen.requests.push({ method: request.method, path: request.url, version: '1.1', body: '' });
  const order = orderFor(seen.requests.length);
  request.on('data', () => {});
  request.on('end', () => {
    if (order.act !== 'answer') return request.socket.destroy();
    response.writeHead(order.status || 200, order.type ? { 'content-type': order.type } : {});
    return response.end(order.body || '');
  });
});

const desk = net.createServer((socket) => {
  socket.on('error', () => {});
  socket.end(JSON.stringify(seen));
});

server.listen(0, '127.0.0.1', () => {
  desk.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${server.address().port} ${desk.address().port}\n`);
  });
});

const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.exit(0); }, 500);
setTimeout(() => process.exit(0), 60000);
