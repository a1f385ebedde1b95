-- The bodies that the benchmarks are about: a wallet, and a page of them.

local samples = {}

local WALLET = [[{"_embedded":{},"_links":{"_self":{"href":"/wallets/%s","templated":false,]]
  .. [["type":"get"},"delete-wallet":{"href":"/wallets/%s","templated":false,"type":"delete"},]]
  .. [["list-wallet-keys":{"href":"/wallets/%s/keys","templated":false,"type":"get"},]]
  .. [["refresh-wallet":{"href":"/wallets/%s/_refresh","templated":false,"type":"post"}},]]
  .. [["account_native_id":"123456789012","available_version":12,]]
  .. [["clumio_aws_account_id":"210987654321","deployment_url":]]
  .. [["https://console.aws.amazon.com/cloudformation/home?region=us-west-2#/stacks/create/review?]]
  .. [[templateURL=https://clumio-wallets.s3.us-west-2.amazonaws.com/wallet.yaml&stackName=Clumio]]
  .. [[&param_Token=2a7c1f6e-9c40-4b7a-8d52-5a0c5c7e3b11","error_code":"","error_message":"",]]
  .. [["id":"%s","installed_regions":["us-west-2","us-east-1","eu-central-1","eu-west-1"],]]
  .. [["key_errors":{},"role_arn":"arn:aws:iam::123456789012:role/clumio/ClumioWalletRole",]]
  .. [["stack_version":12,"state":"Enabled","supported_regions":["us-west-2","us-east-1",]]
  .. [["us-east-2","us-west-1","ca-central-1","ca-west-1","eu-central-1","eu-west-1",]]
  .. [["eu-west-2","eu-west-3","eu-north-1","ap-south-1","ap-southeast-1","ap-southeast-2",]]
  .. [["ap-northeast-1","ap-northeast-2","ap-northeast-3","sa-east-1"],"template_url":]]
  .. [["https://clumio-wallets.s3.us-west-2.amazonaws.com/clumio-wallet-stack-template-v12.yaml",]]
  .. [["token":"2a7c1f6e-9c40-4b7a-8d52-5a0c5c7e3b11"}]]

--- The JSON of one wallet, of 1.5 KB; its identifier differs by number.
function samples.wallet(number)
  local id = ("9c40%04x-1f6e-4b7a-8d52-5a0c5c7e3b11"):format(number)
  return (WALLET:gsub("%%s", id))
end

--- The JSON of a page with so many wallets.
function samples.wallets(count)
  local items = {}
  for i = 1, count do
    items[i] = samples.wallet(i)
  end
  return ([[{"_embedded":{"items":[%s]},"_links":{},"current_count":%d,"limit":%d,"start":""}]])
    :format(table.concat(items, ","), count, count)
end

return samples
