--- What Commvault's answers mean. The "Create instance of S3 Vault" page of its API reference, and
-- cvpysdk for the rest: most of its errors come with status 200. See coffer.answer for the words.
local NO_ERROR = "NO_ERROR"

local flat = { at = "", code = "errorCode", message = "errorMessage", ok_code = NO_ERROR }
local response = { at = "response", code = "errorCode", message = "errorMessage",
                   more = "errorString", ok_code = NO_ERROR }
local job = { at = "addEndpointJob.response", code = "errorCode", message = "errorMessage",
              ok_code = NO_ERROR, is_aside = true }
local access = { at = "error", code = "errorCode", message = "errorMessage",
                 more = "errLogMessage", ok_code = NO_ERROR }

--- A log-in: its token is another member at a gateway, or lies in `data`.
local session = {
  proof = "token", without_proof = "auth",
  token_places = { "authToken", "data.authToken", "data.token" },
  tells = { "isAccountLocked", "remainingLockTime", "forcePasswordChange", "loginAttempts" },
}

return {
  error_shapes = {
    flat, response, access,
    { at = "errList", code = "errorCode", message = "errLogMessage" },
    { at = "error.errList", code = "errorCode", message = "errLogMessage" },
  },
  errors_inside = { flat, response, access },
  refuses_inside = true,
  operations = {
    create_s3_vault = {
      proof = "response.entity.clientId",
      errors_inside = { flat, response, job },
      job = "addEndpointJob.jobId",
      echoes = { { key = "clientName", at = "response.entity.clientName" } },
    },
    list_s3_vaults = { list = "CVS3Stores" },
    get_job = { list = "jobs" },
    list_plans = { list = "plans" },
    login = session,
    renew_token = session,
    renew_access_token = {
      proof = "accessToken", once = { "refreshToken" }, without_proof = "auth",
    },
    logout = { success = { [200] = true } },
  },
}
