#!/bin/sh
# curl.sh URL CA COUNT: the same by a curl for each call.
i=0
while [ "$i" -lt "$3" ]; do
  curl -sS -f --cacert "$2" -o /dev/null -H 'Content-Type: application/json' \
    -H 'Authorization: Bearer bench-token' -H 'Accept: application/api.clumio.wallets=v1+json' \
    -d '{"account_native_id":"123456789012"}' "$1/wallets" || exit 1
  i=$((i + 1))
done
