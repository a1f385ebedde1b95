rockspec_format = "3.0"
package = "coffer"
version = "dev-1"

source = {
  url = "git+https://github.com/coffer-lua/coffer.git",
  branch = "main",
}

description = {
  summary = "Opens and looks after accounts, wallets and vaults at storage and backup providers",
  detailed = [[
coffer opens wallets at Clumio, S3 vaults at Commvault, Wasabi accounts at NTT Enterprise Cloud and
accounts at NetApp Astra Control. A create is sent once, what the provider answered is never lost,
and the caller is always told whether it was sent, refused or cannot be known.

It is a C module over libcurl (7.84 or newer, with its headers); coffer.sandbox() is built where
libmicrohttpd is found.]],
  homepage = "https://github.com/coffer-lua/coffer",
  issues_url = "https://github.com/coffer-lua/coffer/issues",
  license = "MIT",
  labels = { "api", "backup", "cloud", "http", "storage" },
}

supported_platforms = { "unix" }

dependencies = {
  "lua >= 5.4, < 5.5",
  "lua-cjson",
}

-- CMake looks for libcurl by itself. LuaRocks' own header check (external_dependencies) knows
-- nothing of multiarch directories and fails on Debian.
build = {
  type = "cmake",
  variables = {
    CMAKE_BUILD_TYPE = "RelWithDebInfo",
    CMAKE_C_FLAGS = "$(CFLAGS)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    INST_LIBDIR = "$(LIBDIR)",
    INST_LUADIR = "$(LUADIR)",
  },
}

test = {
  type = "busted",
}
