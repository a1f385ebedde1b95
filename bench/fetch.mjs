// fetch.mjs URL CA COUNT [AT_ONCE]: the same by node's fetch, which keeps connections; tells the
// seconds. The CA file has to be in NODE_EXTRA_CA_CERTS.
const [url, , count, atOnce = 1] = process.argv.slice(2);

async function create() {
  const answer = await fetch(url + "/wallets", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Authorization: "Bearer bench-token",
      Accept: "application/api.clumio.wallets=v1+json",
    },
    body: JSON.stringify({ account_native_id: "123456789012" }),
  });
  const wallet = await answer.json();
  if (answer.status !== 200 || !wallet.id) throw new Error(`status ${answer.status}`);
}

let left = Number(count);

async function work() {
  while (left-- > 0) await create();
}

const begun = performance.now();
await Promise.all(Array.from({ length: Number(atOnce) }, work));
console.log(((performance.now() - begun) / 1000).toFixed(6));
process.exit(); // kept connections would keep it running
