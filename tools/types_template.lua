---@meta coffer
-- What an editor is to know of coffer (LuaCATS). Never loaded by it. Up to "Options" it is
-- tools/types_template.lua, written by hand; the rest is made of the data of the providers and of
-- the options, by `sh tools/types.sh`.
-- luacheck: ignore 241

---@alias coffer.outcome "not_sent"|"refused"|"unknown"
---@alias coffer.code
---| "invalid"
---| "config"
---| "unreachable"
---| "timeout"
---| "tls"
---| "auth"
---| "forbidden"
---| "not_found"
---| "conflict"
---| "throttled"
---| "rejected"
---| "unavailable"
---| "protocol"
---| "partial"
---| "cancelled"
---| "raised"
---@alias coffer.word "created"|"found"|"recovered"
---@alias coffer.ensured coffer.word|coffer.failure
---@alias coffer.incomplete coffer.failure|coffer.code|nil
---@alias coffer.astra.page coffer.astra.account_page
---@alias coffer.commvault.pair coffer.commvault.renew_access_token_answer
---@alias coffer.commvault.vault_page coffer.commvault.s3_vault_page
---@alias coffer.credential string|coffer.secret
---@alias coffer.token coffer.credential|fun(): coffer.credential

-- Common to all -------------------------------------------------------------

---Text that is not shown: prints as `[secret]`, is wiped when closed or collected.
---@class coffer.secret
local secret = {}

---The text. Raises once it is wiped.
---@return string
function secret:reveal() end

---Overwrites the bytes.
function secret:wipe() end

---@class coffer.detail
---@field code? string|integer the provider's own
---@field message? string
---@field field? string what it is about, a path such as `plan.planId`

---What the world did instead. Prints as one line, never with a secret.
---@class coffer.failure
---@field outcome coffer.outcome what is true of the thing asked for
---@field code coffer.code
---@field message string
---@field provider? string
---@field operation? string
---@field status? integer the HTTP status
---@field details coffer.detail[]
---@field request_id? string
---@field location? string where the thing is, by the header of a success without a body
---@field retry_after? integer seconds
---@field attempts integer how often it was tried
---@field key? table<string, string|integer> what to look for when the outcome is unknown
---@field cause? any what a function raised, with the code `raised`

---@class coffer.response
---@field status integer
---@field headers table<string, string> by lower-case name
---@field body string the raw bytes; secrets can be read in it

---What a function that is told of each look is given.
---@class coffer.look
---@field state string
---@field seconds number since wait began
---@field looks integer
---@field failure? coffer.failure why nothing was seen

---A call that is prepared and not sent.
---@class coffer.request
---@field method string
---@field url string
---@field headers table<string, string|coffer.secret>
---@field body? string|coffer.secret
local request = {}

---The same call as a curl command, the token as a variable.
---@return string
function request:curl() end

---Sends it, once.
---@return any result, coffer.failure? failure, coffer.code? code
function request:send() end

---Walks over all pages of a list; a failure is raised.
---@class coffer.pages
---@overload fun(): any
local pages = {}

---All items that are left.
---@return any[]? list, coffer.failure? failure, coffer.code? code
function pages:collect() end

---The providers on a loopback port of this process.
---@class coffer.sandbox
---@field url string
local sandbox = {}

---What a provider's constructor takes to reach it.
---@param provider coffer.provider
---@param more? table
---@return table
function sandbox:options(provider, more) end

---All that a provider knows its caller by; a log-in takes some of it.
---@param provider coffer.provider
---@return table<string, string>
function sandbox:credentials(provider) end

---Lets a call fail, or answer late.
---@param fault coffer.fault
function sandbox:fail(fault) end

---What arrived, in order.
---@return table[]
function sandbox:log() end

function sandbox:close() end

-- The module ----------------------------------------------------------------------

---@class coffer
---@field _VERSION string
---@field null lightuserdata JSON null, the same as cjson.null
---@field loop { luv: table, cqueues: table } coffer under an event loop
local coffer = {}

---@param options? coffer.sandbox_options
---@return coffer.sandbox
function coffer.sandbox(options) end

---@param text string|coffer.secret
---@return coffer.secret
function coffer.secret(text) end

---A new file for secrets, open for writing, that only its owner can read.
---@param path string
---@return file*? file, string? message, integer? errno
function coffer.create_private(path) end

---Has the system write to the disk what a file holds.
---@param file file*
---@return true? is_done, string? message, integer? errno
function coffer.sync(file) end

---What came over the wire for a result or a failure.
---@param came_of any
---@return coffer.response?
function coffer.response(came_of) end

---Prints anything in full, secrets masked.
---@param value any
function coffer.show(value) end

---Prints the calls of a client, or of a provider by name.
---@param of any
function coffer.help(of) end

---Runs fn(item, index) for each item, so many at once.
---@generic T, R
---@param list T[]
---@param fn fun(item: T, index: integer): R?, coffer.failure?
---@param options? coffer.map_options
---@return table<integer, R> results, table<integer, coffer.failure> failures
function coffer.map(list, fn, options) end

---Runs a handful of functions at once.
---@param ... fun(): any, coffer.failure?
---@return table<integer, any> results, table<integer, coffer.failure> failures
function coffer.gather(...) end
