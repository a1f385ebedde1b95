# create.py URL CA COUNT [AT_ONCE]: the same by requests; with AT_ONCE in threads, and tells the
# seconds.
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import requests
from requests.adapters import HTTPAdapter

url, ca_file, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
at_once = int(sys.argv[4]) if len(sys.argv) > 4 else 1
session = requests.Session()
session.trust_env = False  # no proxies, no other CA file
session.verify = ca_file
session.mount(url, HTTPAdapter(pool_maxsize=at_once))
session.headers.update({"Authorization": "Bearer bench-token",
                        "Accept": "application/api.clumio.wallets=v1+json"})


def create(_):
    answer = session.post(url + "/wallets", json={"account_native_id": "123456789012"})
    answer.raise_for_status()
    return answer.json()["id"]


begun = time.monotonic()
if at_once == 1:
    for each in range(count):
        create(each)
else:
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(create, range(count)))
print("%.6f" % (time.monotonic() - begun))
