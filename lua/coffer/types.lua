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

-- Options ---------------------------------------------------------------------

---Options of every client.
---@class coffer.options
---@field token? coffer.token the credential: a string, a `coffer.secret`, or a function that gives one
---@field token_file? string path of a file that holds the token
---@field base_url? string where the API is
---@field headers? table<string, coffer.credential> further headers for every request, strings or secrets by name
---@field user_agent? string instead of `coffer/VERSION`
---@field timeout? number one attempt, from the look-up of the name to the last byte (60 s)
---@field connect_timeout? number until there is a connection, TLS included (10 s)
---@field deadline? number all attempts and the pauses between them, from its turn on (300 s)
---@field attempts? integer how often a request is tried where it may be sent again (3)
---@field max_response? integer a longer answer is not read on (16 MiB)
---@field ca_file? string PEM file of the certificate authorities to trust, not the system's
---@field client_certificate? string PEM file to show who is asking
---@field client_key? string PEM file of its key
---@field client_key_password? coffer.credential the password of an encrypted key
---@field proxy? coffer.credential URL of a proxy, `http://user:password@host:port`
---@field use_env_proxy? boolean take the proxy from `https_proxy` and the like (false)
---@field allow_keylog? boolean open although `SSLKEYLOGFILE` is set (false)
---@field log? fun(level: string, event: string, fields: table) a function that is told of each attempt
---@field on_tokens? fun(result: table) a function that is given the result of a log-in before anything else happens with it

---Options of every call.
---@class coffer.call_options
---@field timeout? number one attempt, instead of the client's (seconds)
---@field deadline? number all attempts, instead of the client's (seconds)
---@field attempts? integer instead of the client's
---@field extra? table body fields that are sent as they are

---Options of every ensure.
---@class coffer.ensure_options: coffer.call_options
---@field settle? number the wait before a look after an unknown outcome (5 s)
---@field lock? string path of a file that is locked meanwhile, against other processes
---@field deadline? number all of it together; one that is shorter than `settle` leaves no time for a second look (seconds)

---Options of ensuring many: those of coffer.map too.
---@class coffer.ensure_many_options: coffer.ensure_options
---@field at_once? integer items under way together (32)
---@field per_second? number requests a second of this map and those inside it, up to 100000
---@field stop_on_failure? boolean begins no other item behind a failure (false)
---@field on_progress? fun(progress: { done: integer, total: integer }) a function that is told of items that are over

---Options of every wait.
---@class coffer.wait_options
---@field timeout? number then a failure with the code `timeout`; what is waited for goes on (600 s)
---@field interval? number the pause before the second look; the next are longer (2 s)
---@field sightings? integer how often in a row it has to be seen ready (1)
---@field on_progress? fun(seen: coffer.look) a function that is told of each look
---@field errors? integer of a wallet: how many looks may show an `Error` before it counts (0)

---Options of coffer.map.
---@class coffer.map_options
---@field at_once? integer items under way together (32)
---@field per_second? number requests a second of this map and those inside it, up to 100000
---@field stop_on_failure? boolean begins no other item behind a failure (false)
---@field on_progress? fun(progress: { done: integer, total: integer }) a function that is told of items that are over

---Options of coffer.sandbox.
---@class coffer.sandbox_options
---@field wallet_enabled_after? integer by how many looks a wallet is enabled (2)
---@field job_completed_after? integer by how many looks a job is completed (2)
---@field strict? boolean take only what the documents have (false)

---A call that is to fail or to answer late.
---@class coffer.fault
---@field operation string the name of the call, behind that of its provider and a dot where several have it
---@field status? integer the status to answer with
---@field body? string text to answer with
---@field headers? table<string, string> further headers of the answer
---@field close? boolean no answer, the connection is closed
---@field execute? boolean do what was asked for, and then answer or close like this
---@field delay? number before the answer (seconds)
---@field times? integer how many requests it is for (1)

-- NetApp Astra Control --------------------------------------------------------

---@class coffer.astra.options: coffer.options

---@alias coffer.astra.account_state
---| "active"
---| "pending"
---| "deletePending"

---@class coffer.astra.label
---@field name string
---@field value string

---@class coffer.astra.metadata
---@field labels? coffer.astra.label[]
---@field creationTimestamp? string
---@field modificationTimestamp? string
---@field createdBy? string
---@field modifiedBy? string

---@class coffer.astra.create_account
---@field type? "application/astra-account" filled in
---@field version? "1.0" filled in
---@field name string 1 to 63 characters
---@field metadata? coffer.astra.metadata labels: a list of { name =, value = }

---@class coffer.astra.delete_account
---@field account_id string account ID

---@class coffer.astra.get_account
---@field account_id string account ID

---@class coffer.astra.list_accounts
---@field include? string fields, comma-separated
---@field filter? string such as name eq 'x'
---@field orderBy? string a field, or field desc
---@field limit? integer accounts on a page
---@field skip? integer accounts to pass over
---@field count? string "true" asks for the total
---@field continue? string token of a page

---@class coffer.astra.address
---@field addressCountry string a country code of 2 letters
---@field addressLocality string a name of 1 to 63 characters
---@field addressRegion string a name of 1 to 63 characters
---@field postalCode string a text of 1 to 31 characters
---@field streetAddress1 string a name of 1 to 63 characters
---@field streetAddress2? string a name of 1 to 63 characters

---@class coffer.astra.contact
---@field firstName? string a name of 1 to 63 characters
---@field lastName? string a name of 1 to 63 characters
---@field companyName? string a name of 1 to 63 characters
---@field email? string a name of 1 to 63 characters
---@field phone? string a text of 1 to 31 characters
---@field postalAddress? coffer.astra.address

---@class coffer.astra.update_account
---@field account_id string account ID
---@field ["If-Match"]? string ETag of what was read
---@field type? "application/astra-account" filled in
---@field version? "1.0" filled in
---@field id? string
---@field name? string a name of 1 to 63 characters
---@field state? coffer.astra.account_state pending, active or deletePending
---@field isEnabled? "true"|"false" "true" or "false"
---@field enabledTimestamp? string
---@field accountContact? coffer.astra.contact
---@field metadata? coffer.astra.metadata

---@class coffer.astra.account
---@field type? string
---@field version? string
---@field id string
---@field name? string
---@field state? coffer.astra.account_state
---@field isEnabled? "true"|"false"
---@field enabledTimestamp? string
---@field accountContact? coffer.astra.contact
---@field metadata? coffer.astra.metadata
local astra_account = {}

---Marks an account for deletion.
---@param options? coffer.call_options
---@return true? is_done, coffer.failure? failure, coffer.code? code
function astra_account:delete(options) end

---Reads an account.
---@param options? coffer.call_options
---@return coffer.astra.account? account, coffer.failure? failure, coffer.code? code
function astra_account:get(options) end

---Changes an account.
---@param parameters coffer.astra.update_account without account_id
---@param options? coffer.call_options
---@return true? is_done, coffer.failure? failure, coffer.code? code
function astra_account:update(parameters, options) end

---Waits until it is ready.
---@param options? coffer.wait_options
---@return coffer.astra.account? account, coffer.failure? failure, coffer.code? code
function astra_account:wait(options) end

---@class coffer.astra.account_page
---@field items coffer.astra.account[]
---@field metadata? any

---@class coffer.astra.accounts: coffer.pages
---@overload fun(): coffer.astra.account?

---@alias coffer.astra.call
---| "create_account"
---| "delete_account"
---| "get_account"
---| "list_accounts"
---| "update_account"

---@class coffer.astra
local astra = {}

---Creates an account, pending until it is activated.
---@param parameters string|coffer.astra.create_account
---@param options? coffer.call_options
---@return coffer.astra.account? account, coffer.failure? failure, coffer.code? code
function astra:create_account(parameters, options) end

---Marks an account for deletion.
---@param parameters string|coffer.astra.delete_account
---@param options? coffer.call_options
---@return true? is_done, coffer.failure? failure, coffer.code? code
function astra:delete_account(parameters, options) end

---Reads an account.
---@param parameters string|coffer.astra.get_account
---@param options? coffer.call_options
---@return coffer.astra.account? account, coffer.failure? failure, coffer.code? code
function astra:get_account(parameters, options) end

---Lists one page of accounts.
---@param parameters? coffer.astra.list_accounts
---@param options? coffer.call_options
---@return coffer.astra.account_page? page, coffer.failure? failure, coffer.code? code
function astra:list_accounts(parameters, options) end

---Changes an account.
---@param parameters string|coffer.astra.update_account
---@param options? coffer.call_options
---@return true? is_done, coffer.failure? failure, coffer.code? code
function astra:update_account(parameters, options) end

---Walks over all that list_accounts lists.
---@param parameters? coffer.astra.list_accounts
---@param options? coffer.call_options
---@return coffer.astra.accounts
function astra:accounts(parameters, options) end

---Sees to it that an account of this name exists.
---@param parameters string|coffer.astra.create_account
---@param options? coffer.ensure_options
---@return coffer.astra.account? account, coffer.ensured word, coffer.incomplete incomplete
function astra:ensure_account(parameters, options) end

---Does ensure_account for each of a list, with one look for all.
---@param list (string|coffer.astra.create_account)[]
---@param options? coffer.ensure_many_options
---@return table<integer, coffer.astra.account> results, table<integer, coffer.failure> failures, table<integer, coffer.word> words
function astra:ensure_accounts(list, options) end

---Prepares a call without sending it.
---@param operation coffer.astra.call
---@param parameters? any
---@param options? coffer.call_options
---@return coffer.request? request, coffer.failure? failure, coffer.code? code
function astra:request(operation, parameters, options) end

---Closes its connections and wipes its token.
function astra:close() end

-- Clumio ----------------------------------------------------------------------

---@class coffer.clumio.options: coffer.options
---@field region? "us-west-2"|"us-east-1"|"ca-central-1"|"eu-central-1"|"ap-southeast-2" a base URL by its name: `us-west-2`, `us-east-1`, `ca-central-1`, `eu-central-1`, `ap-southeast-2`
---@field organizational_unit? string UUID, sent as `x-clumio-organizationalunit-context`

---@alias coffer.clumio.wallet_state
---| "Enabled"
---| "Waiting"
---| "Error"

---@class coffer.clumio.create_wallet
---@field account_native_id string AWS account ID, 12 digits
---@field aws_region? string AWS region to tie the wallet to

---@class coffer.clumio.delete_wallet
---@field wallet_id string wallet ID

---@class coffer.clumio.get_wallet
---@field wallet_id string wallet ID

---@class coffer.clumio.list_wallet_keys
---@field href string the wallet's list-wallet-keys link

---@class coffer.clumio.list_wallets
---@field limit? integer wallets on a page
---@field start? string token of a page

---@class coffer.clumio.refresh_wallet
---@field wallet_id string wallet ID

---@class coffer.clumio.key_error
---@field error_code? string|integer
---@field error_message? string

---@class coffer.clumio.wallet
---@field _embedded? any
---@field _links? any
---@field account_native_id? string
---@field available_version? integer
---@field aws_region? string
---@field clumio_aws_account_id? string
---@field deployment_url? coffer.secret a link that carries the token
---@field error_code? string|integer
---@field error_message? string
---@field id string
---@field installed_regions? string[]
---@field key_errors? table<string, coffer.clumio.key_error>
---@field role_arn? string
---@field stack_version? integer
---@field state? coffer.clumio.wallet_state
---@field supported_regions? string[]
---@field template_url? string
---@field token? coffer.secret
local clumio_wallet = {}

---Deletes a wallet.
---@param options? coffer.call_options
---@return true? is_done, coffer.failure? failure, coffer.code? code
function clumio_wallet:delete(options) end

---Reads a wallet.
---@param options? coffer.call_options
---@return coffer.clumio.wallet? wallet, coffer.failure? failure, coffer.code? code
function clumio_wallet:get(options) end

---Lists a wallet's keys, by the wallet's own link.
---@param options? coffer.call_options
---@return any result, coffer.failure? failure, coffer.code? code
function clumio_wallet:keys(options) end

---Verifies anew whether a wallet can be used.
---@param options? coffer.call_options
---@return coffer.clumio.wallet? wallet, coffer.failure? failure, coffer.code? code
function clumio_wallet:refresh(options) end

---Waits until it is ready.
---@param options? coffer.wait_options
---@return coffer.clumio.wallet? wallet, coffer.failure? failure, coffer.code? code
function clumio_wallet:wait(options) end

---@class coffer.clumio.wallet_page
---@field _embedded { items: coffer.clumio.wallet[] }
---@field _links? any
---@field current_count? integer
---@field limit? integer
---@field start? string

---@class coffer.clumio.wallets: coffer.pages
---@overload fun(): coffer.clumio.wallet?

---@alias coffer.clumio.call
---| "create_wallet"
---| "delete_wallet"
---| "get_wallet"
---| "list_wallet_keys"
---| "list_wallets"
---| "refresh_wallet"

---@class coffer.clumio
local clumio = {}

---Creates a wallet for an AWS account.
---@param parameters string|coffer.clumio.create_wallet
---@param options? coffer.call_options
---@return coffer.clumio.wallet? wallet, coffer.failure? failure, coffer.code? code
function clumio:create_wallet(parameters, options) end

---Deletes a wallet.
---@param parameters string|coffer.clumio.delete_wallet
---@param options? coffer.call_options
---@return true? is_done, coffer.failure? failure, coffer.code? code
function clumio:delete_wallet(parameters, options) end

---Reads a wallet.
---@param parameters string|coffer.clumio.get_wallet
---@param options? coffer.call_options
---@return coffer.clumio.wallet? wallet, coffer.failure? failure, coffer.code? code
function clumio:get_wallet(parameters, options) end

---Lists a wallet's keys, by the wallet's own link.
---@param parameters string|coffer.clumio.list_wallet_keys
---@param options? coffer.call_options
---@return any result, coffer.failure? failure, coffer.code? code
function clumio:list_wallet_keys(parameters, options) end

---Lists one page of wallets.
---@param parameters? coffer.clumio.list_wallets
---@param options? coffer.call_options
---@return coffer.clumio.wallet_page? page, coffer.failure? failure, coffer.code? code
function clumio:list_wallets(parameters, options) end

---Verifies anew whether a wallet can be used.
---@param parameters string|coffer.clumio.refresh_wallet
---@param options? coffer.call_options
---@return coffer.clumio.wallet? wallet, coffer.failure? failure, coffer.code? code
function clumio:refresh_wallet(parameters, options) end

---Walks over all that list_wallets lists.
---@param parameters? coffer.clumio.list_wallets
---@param options? coffer.call_options
---@return coffer.clumio.wallets
function clumio:wallets(parameters, options) end

---Sees to it that a wallet exists.
---@param parameters string|coffer.clumio.create_wallet
---@param options? coffer.ensure_options
---@return coffer.clumio.wallet? wallet, coffer.ensured word, coffer.incomplete incomplete
function clumio:ensure_wallet(parameters, options) end

---Does ensure_wallet for each of a list, with one look for all.
---@param list (string|coffer.clumio.create_wallet)[]
---@param options? coffer.ensure_many_options
---@return table<integer, coffer.clumio.wallet> results, table<integer, coffer.failure> failures, table<integer, coffer.word> words
function clumio:ensure_wallets(list, options) end

---Prepares a call without sending it.
---@param operation coffer.clumio.call
---@param parameters? any
---@param options? coffer.call_options
---@return coffer.request? request, coffer.failure? failure, coffer.code? code
function clumio:request(operation, parameters, options) end

---Closes its connections and wipes its token.
function clumio:close() end

-- Commvault -------------------------------------------------------------------

---@class coffer.commvault.options: coffer.options
---@field authorization? "bearer" `"bearer"`: the token goes out as `Authorization: Bearer …`, as the gateway of Commvault's cloud wants it, instead of in `Authtoken`
---@field username? coffer.credential what to log in with instead of a token
---@field password? coffer.credential of the user
---@field domain? coffer.credential of the user

---@alias coffer.commvault.job_status
---| "Completed"
---| "Completed w/ one or more warnings"
---| "Running"
---| "Running (cannot be verified)"
---| "Waiting"
---| "Pending"
---| "Queued"
---| "Interrupted"
---| "Interrupt Pending"
---| "Kill Pending"
---| "Suspend Pending"
---| "Completed w/ one or more errors"
---| "Committed"
---| "Failed"
---| "Failed to Start"
---| "Killed"
---| "Suspend"
---| "Suspended"

---@class coffer.commvault.bucket
---@field clientName string name of the vault

---@class coffer.commvault.plan
---@field planId integer
---@field planName string a name, not empty

---@class coffer.commvault.endpoint
---@field clientId integer
---@field clientName? string

---@class coffer.commvault.owner
---@field userId integer
---@field __type__? 13 filled in

---@class coffer.commvault.group
---@field userGroupId integer
---@field __type__? 15 filled in

---@class coffer.commvault.create_s3_vault
---@field bucket coffer.commvault.bucket the vault to be
---@field plan coffer.commvault.plan the plan that stores it
---@field cvs3Endpoints? coffer.commvault.endpoint[] clients to become S3 endpoints
---@field owners? coffer.commvault.owner[] users to be given the S3 role
---@field userGroups? coffer.commvault.group[] groups to be given the S3 role
---@field rotateKeys? boolean rotate the keys of these users

---@class coffer.commvault.get_job
---@field jobId integer job number

---@class coffer.commvault.list_plans
---@field subType? "Server" filled in
---@field fq? "plans.storage.copy.storagePoolType:in:1,4" filled in
---@field fl? "plans.plan.planId,plans.plan.planName" filled in

---@class coffer.commvault.list_s3_vaults
---@field hardRefresh? boolean past the cache
---@field start? integer vaults to pass over
---@field limit? integer vaults on a page
---@field fl? string fields, such as overview

---@class coffer.commvault.login
---@field username coffer.credential a name, not empty
---@field password coffer.credential sent in base64
---@field domain? coffer.credential
---@field commserver? string
---@field timeout? integer minutes of idleness
---@field deviceId? string

---@class coffer.commvault.renew_access_token
---@field accessToken coffer.credential
---@field refreshToken coffer.credential

---@class coffer.commvault.renew_token
---@field sessionId coffer.credential the old token
---@field deviceId? string

---What a list of jobs tells of one.
---@class coffer.commvault.job
---@field jobId? integer
---@field status? coffer.commvault.job_status
---@field localizedStatus? string
---@field jobType? string
---@field percentComplete? integer
---@field pendingReason? string
local commvault_job = {}

---Waits until it is over.
---@param options? coffer.wait_options
---@return coffer.commvault.job? job, coffer.failure? failure, coffer.code? code
function commvault_job:wait(options) end

---@class coffer.commvault.listed_vault
---@field name? string
local commvault_listed_vault = {}

---Gives it back at once: it tells of no job to wait for.
---@param options? coffer.wait_options
---@return coffer.commvault.listed_vault? listed_vault, coffer.failure? failure, coffer.code? code
function commvault_listed_vault:wait(options) end

---@class coffer.commvault.data
---@field authToken? coffer.secret
---@field token? coffer.secret

---What a log-in gives.
---@class coffer.commvault.session
---@field token coffer.secret
---@field authToken? coffer.secret
---@field data? coffer.commvault.data
---@field userName? string
---@field aliasName? string
---@field userGUID? string

---@class coffer.commvault.entity
---@field clientId integer
---@field clientName? string

---@class coffer.commvault.response
---@field entity coffer.commvault.entity
---@field errorCode? string|integer
---@field errorMessage? string
---@field warningCode? string|integer
---@field warningMessage? string

---@class coffer.commvault.endpoint_job_response
---@field errorMessage? string
---@field errorCode? string|integer

---@class coffer.commvault.endpoint_job
---@field jobId? integer
---@field response? coffer.commvault.endpoint_job_response

---@class coffer.commvault.vault
---@field response coffer.commvault.response
---@field addEndpointJob? coffer.commvault.endpoint_job
---@field errorCode? string|integer
---@field errorMessage? string
local commvault_vault = {}

---Waits for the job of its end points; without one it is ready at once.
---@param options? coffer.wait_options
---@return coffer.commvault.vault? vault, coffer.failure? failure, coffer.code? code
function commvault_vault:wait(options) end

---@class coffer.commvault.job_list
---@field totalRecordsWithoutPaging? integer
---@field jobs { jobSummary?: coffer.commvault.job }[]
---@field errorCode? string|integer
---@field errorMessage? string

---@class coffer.commvault.plan_list
---@field plans { plan?: coffer.commvault.plan }[]
---@field filterQueryCount? integer
---@field errorCode? string|integer
---@field errorMessage? string

---@class coffer.commvault.s3_vault_page
---@field CVS3Stores coffer.commvault.listed_vault[]
---@field errorCode? string|integer
---@field errorMessage? string

---@class coffer.commvault.renew_access_token_answer
---@field accessToken coffer.secret
---@field refreshToken coffer.secret told once

---@class coffer.commvault.s3_vaults: coffer.pages
---@overload fun(): coffer.commvault.listed_vault?

---@alias coffer.commvault.call
---| "create_s3_vault"
---| "get_job"
---| "list_plans"
---| "list_s3_vaults"
---| "login"
---| "logout"
---| "renew_access_token"
---| "renew_token"

---@class coffer.commvault
local commvault = {}

---Creates an S3 vault and, where asked, its endpoints.
---@param parameters coffer.commvault.create_s3_vault
---@param options? coffer.call_options
---@return coffer.commvault.vault? vault, coffer.failure? failure, coffer.code? code
function commvault:create_s3_vault(parameters, options) end

---Reads a job; a fresh one may not be there yet.
---@param parameters integer|coffer.commvault.get_job
---@param options? coffer.call_options
---@return coffer.commvault.job_list? list, coffer.failure? failure, coffer.code? code
function commvault:get_job(parameters, options) end

---Lists the plans that can hold a vault.
---@param parameters? coffer.commvault.list_plans
---@param options? coffer.call_options
---@return coffer.commvault.plan_list? list, coffer.failure? failure, coffer.code? code
function commvault:list_plans(parameters, options) end

---Lists one page of S3 vaults.
---@param parameters? coffer.commvault.list_s3_vaults
---@param options? coffer.call_options
---@return coffer.commvault.s3_vault_page? page, coffer.failure? failure, coffer.code? code
function commvault:list_s3_vaults(parameters, options) end

---Gets a token for a user name and a password. Without parameters, with the client's own username and password.
---@param parameters? coffer.commvault.login
---@param options? coffer.call_options
---@return coffer.commvault.session? session, coffer.failure? failure, coffer.code? code
function commvault:login(parameters, options) end

---Ends the session of the client's token.
---@param parameters? {}
---@param options? coffer.call_options
---@return true? is_done, coffer.failure? failure, coffer.code? code
function commvault:logout(parameters, options) end

---Gets a new pair of tokens; the old one must not be used again.
---@param parameters coffer.commvault.renew_access_token
---@param options? coffer.call_options
---@return coffer.commvault.renew_access_token_answer? result, coffer.failure? failure, coffer.code? code
function commvault:renew_access_token(parameters, options) end

---Gets a new token for a log-in token.
---@param parameters coffer.credential|coffer.commvault.renew_token
---@param options? coffer.call_options
---@return coffer.commvault.session? session, coffer.failure? failure, coffer.code? code
function commvault:renew_token(parameters, options) end

---Walks over all that list_s3_vaults lists.
---@param parameters? coffer.commvault.list_s3_vaults
---@param options? coffer.call_options
---@return coffer.commvault.s3_vaults
function commvault:s3_vaults(parameters, options) end

---Sees to it that a vault exists.
---@param parameters coffer.commvault.create_s3_vault
---@param options? coffer.ensure_options
---@return coffer.commvault.vault|coffer.commvault.listed_vault|nil vault, coffer.ensured word, coffer.incomplete incomplete
function commvault:ensure_s3_vault(parameters, options) end

---Does ensure_s3_vault for each of a list, with one look for all.
---@param list coffer.commvault.create_s3_vault[]
---@param options? coffer.ensure_many_options
---@return table<integer, coffer.commvault.vault|coffer.commvault.listed_vault> results, table<integer, coffer.failure> failures, table<integer, coffer.word> words
function commvault:ensure_s3_vaults(list, options) end

---Waits for a job, whatever it is for.
---@param parameters integer|coffer.commvault.get_job
---@param options? coffer.wait_options
---@return coffer.commvault.job? job, coffer.failure? failure, coffer.code? code
function commvault:wait_job(parameters, options) end

---Prepares a call without sending it.
---@param operation coffer.commvault.call
---@param parameters? any
---@param options? coffer.call_options
---@return coffer.request? request, coffer.failure? failure, coffer.code? code
function commvault:request(operation, parameters, options) end

---Closes its connections and wipes its token.
function commvault:close() end

-- NTT Enterprise Cloud --------------------------------------------------------

---@class coffer.ecl.options: coffer.options
---@field api_key? coffer.credential what to get a token with
---@field api_secret? coffer.credential its secret
---@field keystone_url? string where to get a token, such as `https://keystone-jp1-ecl.api.ntt.com/v3`
---@field tenant_id? string the tenant (project) of every call; a call's own `tenant_id` goes before it

---@class coffer.ecl.create_account
---@field tenant_id? string tenant (project) ID; else the client's

---@class coffer.ecl.create_user
---@field tenant_id? string tenant (project) ID; else the client's
---@field UserName string name of the user

---@class coffer.ecl.password_user
---@field domain { id?: "default" }
---@field name coffer.credential
---@field password coffer.credential

---@class coffer.ecl.identity
---@field methods string[]
---@field password { user: coffer.ecl.password_user }

---@class coffer.ecl.auth
---@field identity coffer.ecl.identity
---@field scope { project: { id: string } }

---@class coffer.ecl.issue_token
---@field auth coffer.ecl.auth filled from api_key and api_secret where not given

---@class coffer.ecl.list_utilizations
---@field tenant_id? string tenant (project) ID; else the client's
---@field acct_num string|integer Wasabi account number
---@field from string first day, YYYY-MM-DD
---@field to string last day, YYYY-MM-DD
---@field include_regional_utilizations? boolean

---@class coffer.ecl.account
---@field AcctNum integer
---@field AcctName? string
---@field Password? coffer.secret told once
---@field AccessKey? string
---@field SecretKey? coffer.secret told once
---@field CreateTime? string

---@class coffer.ecl.token
---@field issued_at? string
---@field expires_at? string

---What issue_token gives: the token is its member `X-Subject-Token`.
---@class coffer.ecl.token_until
---@field token? coffer.ecl.token
---@field ["X-Subject-Token"] coffer.secret

---@class coffer.ecl.user
---@field UserId string
---@field UserName? string
---@field Password? coffer.secret told once
---@field AccessKeyId? string
---@field SecretAccessKey? coffer.secret told once
---@field CreateDate? string

---@class coffer.ecl.users
---@field User coffer.ecl.user[]

---@class coffer.ecl.utilizations: coffer.pages
---@overload fun(): table<string, any>?

---@alias coffer.ecl.call
---| "create_account"
---| "create_user"
---| "issue_token"
---| "list_utilizations"

---@class coffer.ecl
local ecl = {}

---Creates the tenant's Wasabi account; starts a minimum charge.
---@param parameters? coffer.ecl.create_account
---@param options? coffer.call_options
---@return coffer.ecl.account? account, coffer.failure? failure, coffer.code? code
function ecl:create_account(parameters, options) end

---Creates a user below the tenant's account.
---@param parameters string|coffer.ecl.create_user
---@param options? coffer.call_options
---@return coffer.ecl.users? users, coffer.failure? failure, coffer.code? code
function ecl:create_user(parameters, options) end

---Gets a token for an API key and its secret. Without parameters, with the client's own api_key, api_secret and keystone_url.
---@param parameters? coffer.ecl.issue_token
---@param options? coffer.call_options
---@return coffer.ecl.token_until? token_until, coffer.failure? failure, coffer.code? code
function ecl:issue_token(parameters, options) end

---Lists what an account used on each day.
---@param parameters coffer.ecl.list_utilizations
---@param options? coffer.call_options
---@return table<string, any>[]? list, coffer.failure? failure, coffer.code? code
function ecl:list_utilizations(parameters, options) end

---Walks over all that list_utilizations lists.
---@param parameters coffer.ecl.list_utilizations
---@param options? coffer.call_options
---@return coffer.ecl.utilizations
function ecl:utilizations(parameters, options) end

---Sees to it that the tenant has an account.
---@param parameters? coffer.ecl.create_account
---@param options? coffer.ensure_options
---@return coffer.ecl.account? account, coffer.ensured word, coffer.incomplete incomplete
function ecl:ensure_account(parameters, options) end

---Prepares a call without sending it.
---@param operation coffer.ecl.call
---@param parameters? any
---@param options? coffer.call_options
---@return coffer.request? request, coffer.failure? failure, coffer.code? code
function ecl:request(operation, parameters, options) end

---Closes its connections and wipes its token.
function ecl:close() end

-- Opening a client ------------------------------------------------------------

---@alias coffer.provider
---| "astra"
---| "clumio"
---| "commvault"
---| "ecl"

---Opens a client of NetApp Astra Control.
---@param options? coffer.astra.options
---@return coffer.astra? client, coffer.failure? failure, coffer.code? code
function coffer.astra(options) end

---Opens a client of Clumio.
---@param options? coffer.clumio.options
---@return coffer.clumio? client, coffer.failure? failure, coffer.code? code
function coffer.clumio(options) end

---Opens a client of Commvault.
---@param options? coffer.commvault.options
---@return coffer.commvault? client, coffer.failure? failure, coffer.code? code
function coffer.commvault(options) end

---Opens a client of NTT Enterprise Cloud.
---@param options? coffer.ecl.options
---@return coffer.ecl? client, coffer.failure? failure, coffer.code? code
function coffer.ecl(options) end

return coffer
