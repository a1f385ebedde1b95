---@meta coffer
-- What an editor is to know of coffer (LuaCATS). Never loaded by it;
-- spec/types_spec.lua holds it against what there is.
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

---Options of every client.
---@class coffer.options
---@field token? coffer.token
---@field token_file? string path of a file that others cannot read
---@field base_url? string
---@field ca_file? string
---@field client_certificate? string
---@field client_key? string
---@field client_key_password? coffer.credential
---@field proxy? coffer.credential a URL, which may have a password
---@field use_env_proxy? boolean
---@field allow_keylog? boolean
---@field timeout? number seconds of one attempt (60)
---@field connect_timeout? number seconds (10)
---@field deadline? number seconds of a call with all its attempts, from its turn on (300)
---@field attempts? integer (3)
---@field max_response? integer bytes (16 MiB)
---@field user_agent? string
---@field headers? table<string, coffer.credential>
---@field log? fun(level: string, event: string, fields: table)
---@field on_tokens? fun(result: table)

---@class coffer.call_options
---@field timeout? number seconds of one attempt
---@field deadline? number seconds of all attempts
---@field attempts? integer
---@field extra? table body fields that are sent as they are

---@class coffer.ensure_options: coffer.call_options
---@field settle? number seconds before looking again after an unknown outcome (5)
---@field lock? string path of a file that is locked meanwhile, against other processes

---Options of ensure_wallets and its like: those of coffer.map too.
---@class coffer.ensure_many_options: coffer.ensure_options
---@field at_once? integer (32)
---@field per_second? number creates a second
---@field stop_on_failure? boolean
---@field on_progress? fun(told: { done: integer, total: integer })

---@class coffer.wait_options
---@field timeout? number seconds (600)
---@field interval? number seconds before the second look (2)
---@field sightings? integer how often in a row it has to be seen ready (1)
---@field errors? integer of a wallet: how many looks may show an Error before it counts (0)
---@field on_progress? fun(seen: coffer.look)

---What a function that is told of each look is given.
---@class coffer.look
---@field state string
---@field seconds number since wait began
---@field looks integer
---@field failure? coffer.failure why nothing was seen

---@class coffer.map_options
---@field at_once? integer (32)
---@field per_second? number requests a second
---@field stop_on_failure? boolean
---@field on_progress? fun(told: { done: integer, total: integer })

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

---@class coffer.sandbox_options
---@field wallet_enabled_after? integer looks (2)
---@field job_completed_after? integer looks (2)
---@field strict? boolean only what the documents have (false)

---@class coffer.fault
---@field operation string such as `create_wallet` or `astra.create_account`
---@field status? integer
---@field body? string
---@field headers? table<string, string>
---@field close? boolean no answer: the connection is closed
---@field execute? boolean
---@field delay? number seconds
---@field times? integer (1)

---The four providers on a loopback port of this process.
---@class coffer.sandbox
---@field url string
local sandbox = {}

---What a provider's constructor takes to reach it.
---@param provider "clumio"|"commvault"|"ecl"|"astra"
---@param more? table
---@return table
function sandbox:options(provider, more) end

---All that a provider knows its caller by; a log-in takes some of it.
---@param provider "clumio"|"commvault"|"ecl"|"astra"
---@return table<string, string>
function sandbox:credentials(provider) end

---Lets a call fail, or answer late.
---@param fault coffer.fault
function sandbox:fail(fault) end

---What arrived, in order.
---@return table[]
function sandbox:log() end

function sandbox:close() end

-- Clumio ----------------------------------------------------------------------

---@class coffer.clumio.options: coffer.options
---@field region? "us-west-2"|"us-east-1"|"ca-central-1"|"eu-central-1"|"ap-southeast-2"
---@field organizational_unit? string

---@class coffer.clumio.key_error
---@field error_code? string|integer
---@field error_message? string

---@class coffer.clumio.wallet
---@field id string
---@field account_native_id? string
---@field aws_region? string
---@field clumio_aws_account_id? string
---@field state? "Waiting"|"Enabled"|"Error"
---@field error_code? string|integer
---@field error_message? string
---@field key_errors? table<string, coffer.clumio.key_error>
---@field token? coffer.secret
---@field deployment_url? coffer.secret a link that carries the token
---@field template_url? string
---@field role_arn? string
---@field available_version? integer
---@field stack_version? integer
---@field installed_regions? string[]
---@field supported_regions? string[]
---@field _links? table
---@field _embedded? table
local wallet = {}

---@param options? coffer.call_options
---@return coffer.clumio.wallet? wallet, coffer.failure? failure, coffer.code? code
function wallet:refresh(options) end

---@param options? coffer.call_options
---@return coffer.clumio.wallet? wallet, coffer.failure? failure, coffer.code? code
function wallet:get(options) end

---@param options? coffer.call_options
---@return true? is_deleted, coffer.failure? failure, coffer.code? code
function wallet:delete(options) end

---@param options? coffer.call_options
---@return any keys, coffer.failure? failure, coffer.code? code
function wallet:keys(options) end

---@param options? coffer.wait_options
---@return coffer.clumio.wallet? wallet, coffer.failure? failure, coffer.code? code
function wallet:wait(options) end

---@class coffer.clumio.create_wallet
---@field account_native_id string AWS account ID, 12 digits
---@field aws_region? string

---@class coffer.clumio.refresh_wallet
---@field wallet_id string

---@class coffer.clumio.get_wallet
---@field wallet_id string

---@class coffer.clumio.delete_wallet
---@field wallet_id string

---@class coffer.clumio.list_wallets
---@field limit? integer
---@field start? string

---@class coffer.clumio.list_wallet_keys
---@field href string the wallet's list-wallet-keys link

---@class coffer.clumio.wallets: coffer.pages
---@overload fun(): coffer.clumio.wallet?

---@class coffer.clumio
local clumio = {}

---Creates a wallet for an AWS account.
---@param parameters string|coffer.clumio.create_wallet
---@param options? coffer.call_options
---@return coffer.clumio.wallet? wallet, coffer.failure? failure, coffer.code? code
function clumio:create_wallet(parameters, options) end

---Verifies anew whether a wallet can be used.
---@param parameters string|coffer.clumio.refresh_wallet
---@param options? coffer.call_options
---@return coffer.clumio.wallet? wallet, coffer.failure? failure, coffer.code? code
function clumio:refresh_wallet(parameters, options) end

---@param parameters string|coffer.clumio.get_wallet
---@param options? coffer.call_options
---@return coffer.clumio.wallet? wallet, coffer.failure? failure, coffer.code? code
function clumio:get_wallet(parameters, options) end

---@param parameters string|coffer.clumio.delete_wallet
---@param options? coffer.call_options
---@return true? is_deleted, coffer.failure? failure, coffer.code? code
function clumio:delete_wallet(parameters, options) end

---Lists one page of wallets.
---@param parameters? coffer.clumio.list_wallets
---@param options? coffer.call_options
---@return table? page, coffer.failure? failure, coffer.code? code
function clumio:list_wallets(parameters, options) end

---@param parameters string|coffer.clumio.list_wallet_keys
---@param options? coffer.call_options
---@return any keys, coffer.failure? failure, coffer.code? code
function clumio:list_wallet_keys(parameters, options) end

---All wallets, page by page.
---@param parameters? coffer.clumio.list_wallets
---@param options? coffer.call_options
---@return coffer.clumio.wallets
function clumio:wallets(parameters, options) end

---Sees to it that a wallet exists.
---@param parameters string|coffer.clumio.create_wallet
---@param options? coffer.ensure_options
---@return coffer.clumio.wallet? wallet, coffer.ensured word, coffer.incomplete incomplete
function clumio:ensure_wallet(parameters, options) end

---Sees to it that many wallets exist: one look for all.
---@param list (string|coffer.clumio.create_wallet)[]
---@param options? coffer.ensure_many_options
---@return table<integer, coffer.clumio.wallet> results
---@return table<integer, coffer.failure> failures, table<integer, coffer.word> words
function clumio:ensure_wallets(list, options) end

---Prepares a call without sending it.
---@param operation string
---@param parameters? any
---@param options? coffer.call_options
---@return coffer.request? request, coffer.failure? failure, coffer.code? code
function clumio:request(operation, parameters, options) end

function clumio:close() end

-- Commvault -------------------------------------------------------------------

---@class coffer.commvault.options: coffer.options
---@field authorization? "bearer" the token goes out in the header Authorization
---@field username? coffer.credential
---@field password? coffer.credential
---@field domain? coffer.credential

---@class coffer.commvault.entity
---@field clientId integer
---@field clientName? string

---@class coffer.commvault.response
---@field entity? coffer.commvault.entity
---@field errorCode? integer|string
---@field errorMessage? string
---@field warningCode? integer|string
---@field warningMessage? string

---@class coffer.commvault.endpoint_job
---@field jobId? integer
---@field response? coffer.commvault.response

---@class coffer.commvault.vault
---@field response coffer.commvault.response
---@field addEndpointJob? coffer.commvault.endpoint_job
local vault = {}

---Waits for the job of its end points; without one it is ready at once.
---@param options? coffer.wait_options
---@return coffer.commvault.vault? vault, coffer.failure? failure, coffer.code? code
function vault:wait(options) end

---@class coffer.commvault.listed_vault
---@field name? string

---What a list of jobs tells of one.
---@class coffer.commvault.job
---@field jobId? integer
---@field status? string
---@field localizedStatus? string
---@field jobType? string
---@field percentComplete? integer
---@field pendingReason? string
local job = {}

---Waits until it is over.
---@param options? coffer.wait_options
---@return coffer.commvault.job? job, coffer.failure? failure, coffer.code? code
function job:wait(options) end

---@class coffer.commvault.job_list
---@field jobs { jobSummary: coffer.commvault.job }[]

---What a log-in gives.
---@class coffer.commvault.session
---@field token coffer.secret
---@field userName? string
---@field aliasName? string
---@field userGUID? string

---@class coffer.commvault.vault_page
---@field CVS3Stores coffer.commvault.listed_vault[]

---@class coffer.commvault.plan_list
---@field plans { plan: coffer.commvault.plan }[]

---@class coffer.commvault.pair
---@field accessToken coffer.secret
---@field refreshToken coffer.secret

---@class coffer.commvault.bucket
---@field clientName string

---@class coffer.commvault.plan
---@field planId integer
---@field planName string

---@class coffer.commvault.endpoint
---@field clientId integer
---@field clientName? string

---@class coffer.commvault.create_s3_vault
---@field bucket coffer.commvault.bucket
---@field plan coffer.commvault.plan
---@field cvs3Endpoints? coffer.commvault.endpoint[]
---@field owners? { userId: integer }[]
---@field userGroups? { userGroupId: integer }[]
---@field rotateKeys? boolean

---@class coffer.commvault.list_s3_vaults
---@field hardRefresh? boolean
---@field start? integer
---@field limit? integer
---@field fl? string

---@class coffer.commvault.get_job
---@field jobId integer

---All three are filled in.
---@class coffer.commvault.list_plans
---@field subType? string
---@field fq? string
---@field fl? string

---@class coffer.commvault.login
---@field username coffer.credential
---@field password coffer.credential
---@field domain? coffer.credential
---@field commserver? string
---@field timeout? integer minutes of idleness
---@field deviceId? string

---@class coffer.commvault.renew_token
---@field sessionId coffer.credential the old token
---@field deviceId? string

---@class coffer.commvault.renew_access_token
---@field accessToken coffer.credential
---@field refreshToken coffer.credential

---@class coffer.commvault.s3_vaults: coffer.pages
---@overload fun(): coffer.commvault.listed_vault?

---@class coffer.commvault
local commvault = {}

---Creates an S3 vault and, where asked, its end points.
---@param parameters coffer.commvault.create_s3_vault
---@param options? coffer.call_options
---@return coffer.commvault.vault? vault, coffer.failure? failure, coffer.code? code
function commvault:create_s3_vault(parameters, options) end

---Lists one page of S3 vaults.
---@param parameters? coffer.commvault.list_s3_vaults
---@param options? coffer.call_options
---@return coffer.commvault.vault_page? page, coffer.failure? failure, coffer.code? code
function commvault:list_s3_vaults(parameters, options) end

---Reads a job; a fresh one may not be there yet.
---@param parameters integer|coffer.commvault.get_job
---@param options? coffer.call_options
---@return coffer.commvault.job_list? list, coffer.failure? failure, coffer.code? code
function commvault:get_job(parameters, options) end

---Waits for a job, whatever it is for.
---@param parameters integer|coffer.commvault.get_job
---@param options? coffer.wait_options
---@return coffer.commvault.job? job, coffer.failure? failure, coffer.code? code
function commvault:wait_job(parameters, options) end

---Lists the plans that can hold a vault.
---@param parameters? coffer.commvault.list_plans
---@param options? coffer.call_options
---@return coffer.commvault.plan_list? list, coffer.failure? failure, coffer.code? code
function commvault:list_plans(parameters, options) end

---Gets a token; without parameters, with the client's own user name and password.
---@param parameters? coffer.commvault.login
---@param options? coffer.call_options
---@return coffer.commvault.session? session, coffer.failure? failure, coffer.code? code
function commvault:login(parameters, options) end

---@param parameters coffer.credential|coffer.commvault.renew_token
---@param options? coffer.call_options
---@return coffer.commvault.session? session, coffer.failure? failure, coffer.code? code
function commvault:renew_token(parameters, options) end

---Gets a new pair of tokens; the old one must not be used again.
---@param parameters coffer.commvault.renew_access_token
---@param options? coffer.call_options
---@return coffer.commvault.pair? pair, coffer.failure? failure, coffer.code? code
function commvault:renew_access_token(parameters, options) end

---Ends the session of the client's token.
---@param parameters? {}
---@param options? coffer.call_options
---@return true? is_ended, coffer.failure? failure, coffer.code? code
function commvault:logout(parameters, options) end

---All S3 vaults, page by page.
---@param parameters? coffer.commvault.list_s3_vaults
---@param options? coffer.call_options
---@return coffer.commvault.s3_vaults
function commvault:s3_vaults(parameters, options) end

---Sees to it that a vault exists.
---@param parameters coffer.commvault.create_s3_vault
---@param options? coffer.ensure_options
---@return coffer.commvault.vault|coffer.commvault.listed_vault|nil vault
---@return coffer.ensured word, coffer.incomplete incomplete
function commvault:ensure_s3_vault(parameters, options) end

---Sees to it that many vaults exist: one look for all.
---@param list coffer.commvault.create_s3_vault[]
---@param options? coffer.ensure_many_options
---@return table<integer, coffer.commvault.vault|coffer.commvault.listed_vault> results
---@return table<integer, coffer.failure> failures, table<integer, coffer.word> words
function commvault:ensure_s3_vaults(list, options) end

---Prepares a call without sending it.
---@param operation string
---@param parameters? any
---@param options? coffer.call_options
---@return coffer.request? request, coffer.failure? failure, coffer.code? code
function commvault:request(operation, parameters, options) end

function commvault:close() end

-- NTT Enterprise Cloud ----------------------------------------------------------

---@class coffer.ecl.options: coffer.options
---@field tenant_id? string
---@field api_key? coffer.credential
---@field api_secret? coffer.credential
---@field keystone_url? string

---@class coffer.ecl.account
---@field AcctNum integer
---@field AcctName? string
---@field Password? coffer.secret told once
---@field AccessKey? string
---@field SecretKey? coffer.secret told once
---@field CreateTime? string

---@class coffer.ecl.user
---@field UserId string
---@field UserName? string
---@field Password? coffer.secret told once
---@field AccessKeyId? string
---@field SecretAccessKey? coffer.secret told once
---@field CreateDate? string

---@class coffer.ecl.users
---@field User coffer.ecl.user[]

---What issue_token gives: the token is its member `X-Subject-Token`.
---@class coffer.ecl.token_until
---@field token? { issued_at?: string, expires_at?: string }

---@class coffer.ecl.create_account
---@field tenant_id? string else the client's

---@class coffer.ecl.create_user
---@field tenant_id? string else the client's
---@field UserName string

---@class coffer.ecl.list_utilizations
---@field tenant_id? string else the client's
---@field acct_num string|integer
---@field from string YYYY-MM-DD
---@field to string YYYY-MM-DD
---@field include_regional_utilizations? boolean

---@class coffer.ecl.issue_token
---@field auth table as in Keystone v3

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

---Lists what an account used on each day.
---@param parameters coffer.ecl.list_utilizations
---@param options? coffer.call_options
---@return table[]? days, coffer.failure? failure, coffer.code? code
function ecl:list_utilizations(parameters, options) end

---Gets a token; without parameters, with the client's own api_key and api_secret.
---@param parameters? coffer.ecl.issue_token
---@param options? coffer.call_options
---@return coffer.ecl.token_until? token, coffer.failure? failure, coffer.code? code
function ecl:issue_token(parameters, options) end

---@param parameters coffer.ecl.list_utilizations
---@param options? coffer.call_options
---@return coffer.pages
function ecl:utilizations(parameters, options) end

---Sees to it that the tenant has an account.
---@param parameters? coffer.ecl.create_account
---@param options? coffer.ensure_options
---@return coffer.ecl.account? account, coffer.ensured word, coffer.incomplete incomplete
function ecl:ensure_account(parameters, options) end

---Prepares a call without sending it.
---@param operation string
---@param parameters? any
---@param options? coffer.call_options
---@return coffer.request? request, coffer.failure? failure, coffer.code? code
function ecl:request(operation, parameters, options) end

function ecl:close() end

-- NetApp Astra Control ----------------------------------------------------------

---@class coffer.astra.options: coffer.options

---@class coffer.astra.label
---@field name string
---@field value string

---@class coffer.astra.metadata
---@field labels? coffer.astra.label[]
---@field creationTimestamp? string
---@field modificationTimestamp? string
---@field createdBy? string
---@field modifiedBy? string

---@class coffer.astra.address
---@field addressCountry string two letters
---@field addressLocality string
---@field addressRegion string
---@field postalCode string
---@field streetAddress1 string
---@field streetAddress2? string

---@class coffer.astra.contact
---@field firstName? string
---@field lastName? string
---@field companyName? string
---@field email? string
---@field phone? string
---@field postalAddress? coffer.astra.address

---@class coffer.astra.account
---@field type? string
---@field version? string
---@field id string
---@field name? string
---@field state? "pending"|"active"|"deletePending"
---@field isEnabled? "true"|"false"
---@field enabledTimestamp? string
---@field accountContact? coffer.astra.contact
---@field metadata? coffer.astra.metadata
local account = {}

---@param options? coffer.call_options
---@return coffer.astra.account? account, coffer.failure? failure, coffer.code? code
function account:get(options) end

---@param parameters coffer.astra.update_account without account_id
---@param options? coffer.call_options
---@return true? is_updated, coffer.failure? failure, coffer.code? code
function account:update(parameters, options) end

---@param options? coffer.call_options
---@return true? is_deleted, coffer.failure? failure, coffer.code? code
function account:delete(options) end

---@param options? coffer.wait_options
---@return coffer.astra.account? account, coffer.failure? failure, coffer.code? code
function account:wait(options) end

---@class coffer.astra.create_account
---@field type? "application/astra-account" filled in
---@field version? "1.0" filled in
---@field name string 1 to 63 characters
---@field metadata? coffer.astra.metadata

---@class coffer.astra.list_accounts
---@field include? string fields, comma-separated
---@field filter? string such as name eq 'x'
---@field orderBy? string a field, or field desc
---@field limit? integer
---@field skip? integer
---@field count? "true"
---@field continue? string

---@class coffer.astra.page
---@field items coffer.astra.account[]
---@field metadata? table

---@class coffer.astra.get_account
---@field account_id string

---@class coffer.astra.update_account
---@field account_id string
---@field ["If-Match"]? string ETag of what was read
---@field type? "application/astra-account" filled in
---@field version? "1.0" filled in
---@field id? string
---@field name? string
---@field state? "pending"|"active"|"deletePending"
---@field isEnabled? "true"|"false"
---@field enabledTimestamp? string
---@field accountContact? coffer.astra.contact
---@field metadata? coffer.astra.metadata

---@class coffer.astra.delete_account
---@field account_id string

---@class coffer.astra.accounts: coffer.pages
---@overload fun(): coffer.astra.account?

---@class coffer.astra
local astra = {}

---Creates an account, pending until it is activated.
---@param parameters string|coffer.astra.create_account
---@param options? coffer.call_options
---@return coffer.astra.account? account, coffer.failure? failure, coffer.code? code
function astra:create_account(parameters, options) end

---Lists one page of accounts.
---@param parameters? coffer.astra.list_accounts
---@param options? coffer.call_options
---@return coffer.astra.page? page, coffer.failure? failure, coffer.code? code
function astra:list_accounts(parameters, options) end

---@param parameters string|coffer.astra.get_account
---@param options? coffer.call_options
---@return coffer.astra.account? account, coffer.failure? failure, coffer.code? code
function astra:get_account(parameters, options) end

---@param parameters coffer.astra.update_account
---@param options? coffer.call_options
---@return true? is_updated, coffer.failure? failure, coffer.code? code
function astra:update_account(parameters, options) end

---@param parameters string|coffer.astra.delete_account
---@param options? coffer.call_options
---@return true? is_deleted, coffer.failure? failure, coffer.code? code
function astra:delete_account(parameters, options) end

---All accounts, page by page.
---@param parameters? coffer.astra.list_accounts
---@param options? coffer.call_options
---@return coffer.astra.accounts
function astra:accounts(parameters, options) end

---Sees to it that an account of this name exists.
---@param parameters string|coffer.astra.create_account
---@param options? coffer.ensure_options
---@return coffer.astra.account? account, coffer.ensured word, coffer.incomplete incomplete
function astra:ensure_account(parameters, options) end

---Sees to it that accounts of these names exist: one look for all.
---@param list (string|coffer.astra.create_account)[]
---@param options? coffer.ensure_many_options
---@return table<integer, coffer.astra.account> results
---@return table<integer, coffer.failure> failures, table<integer, coffer.word> words
function astra:ensure_accounts(list, options) end

---Prepares a call without sending it.
---@param operation string
---@param parameters? any
---@param options? coffer.call_options
---@return coffer.request? request, coffer.failure? failure, coffer.code? code
function astra:request(operation, parameters, options) end

function astra:close() end

-- The module ----------------------------------------------------------------------

---@class coffer
---@field _VERSION string
---@field null lightuserdata JSON null, the same as cjson.null
---@field loop { luv: table, cqueues: table } coffer under an event loop
local coffer = {}

---@param options? coffer.clumio.options
---@return coffer.clumio? client, coffer.failure? failure, coffer.code? code
function coffer.clumio(options) end

---@param options? coffer.commvault.options
---@return coffer.commvault? client, coffer.failure? failure, coffer.code? code
function coffer.commvault(options) end

---@param options? coffer.ecl.options
---@return coffer.ecl? client, coffer.failure? failure, coffer.code? code
function coffer.ecl(options) end

---@param options? coffer.astra.options
---@return coffer.astra? client, coffer.failure? failure, coffer.code? code
function coffer.astra(options) end

---@param options? coffer.sandbox_options
---@return coffer.sandbox
function coffer.sandbox(options) end

---@param text string|coffer.secret
---@return coffer.secret
function coffer.secret(text) end

---A new file for secrets, open for writing, that only its owner can read.
---@param path string
---@return file*? file, string? trouble, integer? errno
function coffer.create_private(path) end

---Has the system write to the disk what a file holds.
---@param file file*
---@return true? is_done, string? trouble, integer? errno
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
---@param list any[]
---@param fn fun(item: any, index: integer): any, coffer.failure?
---@param options? coffer.map_options
---@return table<integer, any> results, table<integer, coffer.failure> failures
function coffer.map(list, fn, options) end

---Runs a handful of functions at once.
---@param ... fun(): any, coffer.failure?
---@return table<integer, any> results, table<integer, coffer.failure> failures
function coffer.gather(...) end

return coffer
