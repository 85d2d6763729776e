"""The Lua half of scripting: what a script sees, and what it does not.

A script gets an environment of its own, made of copies; it reaches neither Python, files, other scripts
nor the interpreter's globals. A library of functions keeps its environment as long as it is loaded.
Written here, after the behaviour of Redis 7.0.
"""

from __future__ import annotations

from redislab.engines.embedded.lua_cjson import CJSON
from redislab.engines.embedded.lua_random import RANDOM

_TEXT = rb"""
local py = ...
local sethook, getinfo = debug.sethook, debug.getinfo
local error, type, pcall, xpcall, select, tostring, pairs, ipairs, next, unpack, tonumber =
  error, type, pcall, xpcall, select, tostring, pairs, ipairs, next, unpack, tonumber
local rawget, rawset, setmetatable, getmetatable, setfenv, loadstring =
  rawget, rawset, setmetatable, getmetatable, setfenv, loadstring
local format, byte, char, sub, find, gsub, concat =
  string.format, string.byte, string.char, string.sub, string.find, string.gsub, table.concat
local dump = string.dump
local floor, huge = math.floor, math.huge
local co_create, co_resume = coroutine.create, coroutine.resume

local SCRIPT, FUNCTION, STOPPED, EVERY = "@user_script", "@user_function", {}, 20000
local source = SCRIPT  -- of what runs now

-- time: each so many instructions Python is asked whether to go on; when not, nothing runs any more ------

local stopped, stopped_at, raised, exempt = false, nil, nil, {}
local watch

local function place_of()
  for level = 2, 12 do
    local info = getinfo(level, "Sl")
    if not info then break end
    if info.source == source then return info.currentline end
  end
end

local function stop()
  if not stopped then stopped_at = place_of() end
  stopped = true
  sethook(watch, "", 1)
  error(STOPPED, 0)
end

local MANY = 1000  -- so many arguments go as a table: a C function takes fewer than 8000, and slowly

-- calls Python; what is raised there (Ctrl-C) no script may catch
local function host(work, ...)
  local count = select("#", ...)
  if count > MANY then return host(py.listed, work, {...}, count) end
  local ok, first, second, third = pcall(work, ...)
  if ok then return first, second, third end
  raised = first
  stop()
end

watch = function()
  if stopped and exempt[getinfo(2, "f").func] then return end
  if stopped or host(py.must_stop) then stop() end
end

local function watched(co)
  sethook(co, watch, "", EVERY)
  return co
end

-- tables that cannot be changed ----------------------------------------------------------------------

local function readonly()
  error("Attempt to modify a readonly table", 2)
end

local sealed = setmetatable({}, {__mode = "k"})
local shown = setmetatable({}, {__newindex = readonly, __metatable = false})  -- as the metatable of those
sealed[shown] = true
local function frozen(fields)
  local proxy = setmetatable({}, {__index = fields, __newindex = readonly, __metatable = shown})
  sealed[proxy] = true
  return proxy
end

local function copied(fields, names)
  local copy = {}
  for name in names:gmatch("%S+") do copy[name] = fields[name] end
  return copy
end

getmetatable("").__metatable = false

-- what a function gave, or its error as its caller's caller sees it: by this name, at that place
local function told(name, ok, ...)
  if ok then return ... end
  local problem = ...
  if type(problem) ~= "string" then error(problem, 0) end
  error((gsub(problem, "'%?'", "'" .. name .. "'", 1)), 3)
end

@CJSON@
-- redis ----------------------------------------------------------------------------------------------

local redis = {LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
  REPL_NONE = 0, REPL_AOF = 1, REPL_SLAVE = 2, REPL_REPLICA = 2, REPL_ALL = 3,
  REDIS_VERSION = py.version, REDIS_VERSION_NUM = py.version_number}

local function asked(work, raising, ...)
  local failed, value, by_command = host(work, ...)
  if stopped or host(py.must_stop) then stop() end
  if failed and raising then error({err = value}, 0) end
  if failed then return {err = value, ignore_error_stats_update = by_command} end
  return value
end
function redis.call(...) return asked(py.call, true, ...) end
function redis.pcall(...) return asked(py.call, false, ...) end
function redis.log(...) return asked(py.log, true, ...) end
function redis.setresp(...) return asked(py.setresp, true, ...) end
function redis.sha1hex(...) return asked(py.sha1hex, true, ...) end
function redis.acl_check_cmd(...) return asked(py.acl_check_cmd, true, ...) end
function redis.error_reply(text, ...)
  if type(text) ~= "string" or select("#", ...) > 0 then
    return {err = "ERR wrong number or type of arguments"}
  end
  if sub(text, 1, 1) == "-" then text = sub(text, 2) end
  if not find(text, " ", 1, true) then text = "ERR " .. text end
  return {err = text}
end
function redis.status_reply(text, ...)
  if type(text) ~= "string" or select("#", ...) > 0 then
    return {err = "ERR wrong number or type of arguments"}
  end
  return {ok = text}
end
function redis.set_repl(...)
  if select("#", ...) ~= 1 then error({err = "ERR redis.set_repl() requires two arguments."}, 0) end
  local flags = tonumber((...)) or 0
  if flags < 0 or flags >= 4 then
    error({err = "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE."}, 0)
  end
end
function redis.replicate_commands() return true end
function redis.breakpoint() return false end
function redis.debug() end

-- a library of functions that Python computes; what gives several values gives their number too
local function library(work, names)
  local made = {}
  for name in names:gmatch("%S+") do
    made[name] = function(...)
      local failed, value, count = host(work, name, ...)
      if failed then error(value, find(value, "^table index is ") and 0 or 2) end  -- Lua's own: no place
      if count then return unpack(value, 1, count) end
      return value
    end
  end
  return made
end
local bit = library(py.bit, "tobit tohex bnot band bor bxor lshift rshift arshift rol ror bswap")
local struct = library(py.struct, "pack unpack size")
local cmsgpack = library(py.cmsgpack, "pack unpack unpack_one unpack_limit")

-- the library that is being loaded ---------------------------------------------------------------------

local registered = nil  -- a list while one is
local function refuse(text) error({err = "ERR " .. text}, 0) end

local FLAGS = {["no-writes"] = true, ["allow-oom"] = true, ["allow-stale"] = true, ["no-cluster"] = true,
  ["allow-cross-slot-keys"] = true}
local function flags_of(given)
  if type(given) ~= "table" then
    refuse("flags argument to redis.register_function must be a table representing function flags")
  end
  local flags = {}
  for place = 1, huge do
    local flag = rawget(given, place)
    if flag == nil then return flags end
    if type(flag) ~= "string" or not FLAGS[flag] then refuse("unknown flag given") end
    flags[place] = flag
  end
end

local function described(given)
  if type(given) ~= "table" then
    refuse("calling redis.register_function with a single argument is only applicable to Lua table "
      .. "(representing named arguments).")
  end
  local made = {}
  for key, value in next, given do
    if type(key) ~= "string" and type(key) ~= "number" then
      refuse("named argument key given to redis.register_function is not a string")
    end
    local name = tostring(key):lower()
    if name == "function_name" or name == "description" then
      if type(value) ~= "string" then
        refuse(name .. " argument given to redis.register_function must be a string")
      end
      made[name == "description" and name or "name"] = value
    elseif name == "callback" then
      if type(value) ~= "function" then
        refuse("callback argument given to redis.register_function must be a function")
      end
      made.callback = value
    elseif name == "flags" then
      made.flags = flags_of(value)
    else
      refuse("unknown argument given to redis.register_function")
    end
  end
  if not made.name then refuse("redis.register_function must get a function name argument") end
  if not made.callback then refuse("redis.register_function must get a callback argument") end
  return made
end

local function register_function(...)
  if not registered then refuse("redis.register_function can only be called on FUNCTION LOAD command") end
  local count, name, callback = select("#", ...), ...
  local made
  if count < 1 or count > 2 then refuse("wrong number of arguments to redis.register_function") end
  if count == 1 then
    made = described(name)
  else
    if type(name) ~= "string" then refuse("first argument to redis.register_function must be a string") end
    if type(callback) ~= "function" then
      refuse("second argument to redis.register_function must be a function")
    end
    made = {name = name, callback = callback}
  end
  if not find(made.name, "^[%w_]+$") then
    refuse("Library names can only contain letters, numbers, or underscores(_) and must be at least one "
      .. "character long")
  end
  for _, other in ipairs(registered) do
    if other.name == made.name then refuse("Function already exists in the library") end
  end
  registered[#registered + 1] = made
end

local function nonexistent(_, name)
  error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
end
-- all that a library sees while it is loaded
local loading_redis = {register_function = register_function, log = redis.log}
for name, value in pairs(redis) do
  if find(name, "^LOG_") or find(name, "^REDIS_") then loading_redis[name] = value end
end
loading_redis = frozen(setmetatable(loading_redis, {__index = nonexistent}))

-- the environment of one script ------------------------------------------------------------------------

local BASIC = "assert error getmetatable ipairs next pairs rawequal rawget select setmetatable tonumber "
  .. "tostring type unpack _VERSION gcinfo"
local STRING = "byte char find format gmatch gsub len lower match rep reverse sub upper"
local TABLE = "concat foreach foreachi getn insert maxn remove sort"
local MATH = "abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp ldexp log log10 max min mod "
  .. "modf pi pow rad random randomseed sin sinh sqrt tan tanh huge"
local basic, strings, tables, maths =
  copied(_G, BASIC), copied(string, STRING), copied(table, TABLE), copied(math, MATH)
local collect = collectgarbage

@RANDOM@

local function plain_error(...)
  local ok, value = ...
  if not ok then
    if value == STOPPED then error(STOPPED, 0) end
    if type(value) == "table" and type(rawget(value, "err")) == "string" then
      return false, rawget(value, "err")
    end
  end
  return ...
end

local function compiled_text(code, name)
  if type(code) == "number" then code = tostring(code) end
  if type(code) ~= "string" or byte(code) == 27 then return nil, "only text can be loaded" end
  local f, problem = loadstring(code, name)
  if not f then return nil, problem end
  return loadstring(host(py.without_tail_calls, dump(f)), name)
end

-- `is_library`: functions live in it, and see another `redis` while the library is loaded
local function environment(keys, argv, is_library)
  local env = {}
  for name, value in pairs(basic) do env[name] = value end
  env.KEYS, env.ARGV = keys, argv
  env.string, env.table, env.math = frozen(strings), frozen(tables), frozen(maths)
  env.cjson, env.redis, env.bit = frozen(cjson), frozen(redis), frozen(bit)
  env.struct, env.cmsgpack = frozen(struct), frozen(cmsgpack)
  env.coroutine = frozen({
    create = function(f) return watched(co_create(f)) end,
    wrap = function(f)
      local co = watched(co_create(f))
      local function passed(ok, ...)
        if not ok then error((...), 0) end
        return ...
      end
      return function(...) return passed(co_resume(co, ...)) end
    end,
    resume = function(...) return plain_error(co_resume(...)) end,
    yield = coroutine.yield, status = coroutine.status, running = coroutine.running,
  })
  env.pcall = function(...) return plain_error(pcall(...)) end
  env.xpcall = function(f, handler)
    return plain_error(xpcall(f, function(value)
      if value == STOPPED then return value end
      return handler(value)
    end))
  end
  env.collectgarbage = function(what) return collect(what == "count" and "count" or "collect") end
  env.rawset = function(...)
    local t = ...
    if sealed[t] then error("Attempt to modify a readonly table", 0) end
    local result = told("rawset", pcall(rawset, ...))
    return result
  end
  env.setmetatable = function(...)
    local t = ...
    if t ~= nil and sealed[t] then error("Attempt to modify a readonly table", 0) end
    local result = told("setmetatable", pcall(setmetatable, ...))
    return result
  end
  local proxy = setmetatable({}, {
    __index = function(_, name)
      local value = env[name]
      if is_library and registered then value = name == "redis" and loading_redis or nil end
      if value == nil then
        error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
      end
      return value
    end,
    __newindex = readonly, __metatable = shown,
  })
  sealed[proxy] = true
  env._G = proxy
  env.rawget = function(...)
    local t, key = ...
    if t == proxy then return env[key] end
    local value = told("rawget", pcall(rawget, ...))
    return value
  end
  local function compiled(code, name)
    local f, problem = compiled_text(code, name)
    if f then setfenv(f, proxy) end
    return f, problem
  end
  env.loadstring = compiled
  env.load = function(reader, name)
    local pieces = {}
    while true do
      local piece = reader()
      if not piece or piece == "" then break end
      pieces[#pieces + 1] = piece
    end
    return compiled(concat(pieces), name or "=(load)")
  end
  return proxy
end

-- a result as a flat list: kind and value in turn; aggregates by their count ------------------------------

local MAX_NESTING = 200
local function flat(out, value, depth)
  local function put(kind, item)
    out[#out + 1] = kind
    out[#out + 1] = item
  end
  local kind = type(value)
  if kind == "string" then return put("$", value) end
  if kind == "number" then return put(":", value) end
  if kind == "boolean" then return put(value and "t" or "f", 0) end
  if kind ~= "table" then return put("_", 0) end
  if depth > MAX_NESTING then return put("-", "ERR reached lua stack limit") end
  local err, ok = rawget(value, "err"), rawget(value, "ok")
  if type(err) == "string" then return put("-", err) end
  if type(ok) == "string" then return put("+", ok) end
  local double, big = rawget(value, "double"), rawget(value, "big_number")
  if type(double) == "number" then return put(",", double) end
  if type(big) == "string" then return put("(", big) end
  local map, set, verbatim = rawget(value, "map"), rawget(value, "set"), rawget(value, "verbatim_string")
  if type(map) == "table" or type(set) == "table" then
    local count, pairs_of = 0, map or set
    for _ in next, pairs_of do count = count + 1 end
    put(type(map) == "table" and "%" or "~", count)
    for key, item in next, pairs_of do
      flat(out, key, depth + 1)
      if type(map) == "table" then flat(out, item, depth + 1) end
    end
    return
  end
  if type(verbatim) == "table" and type(rawget(verbatim, "string")) == "string" then
    return put("=", tostring(rawget(verbatim, "format")) .. ":" .. rawget(verbatim, "string"))
  end
  local count = 0
  while rawget(value, count + 1) ~= nil do count = count + 1 end
  put("*", count)
  for place = 1, count do flat(out, rawget(value, place), depth + 1) end
end

local function compile(code) return compiled_text(code, SCRIPT) end

local function failed(value)
  if value == STOPPED then return value end
  local err = type(value) == "table" and rawget(value, "err")
  if type(err) ~= "string" then err = "ERR " .. (type(value) == "table" and "table" or tostring(value)) end
  return {text = err, line = place_of()}
end

-- f under the watch: whether it went well, and its value
local function watched_call(f, ...)
  local args, count = {...}, select("#", ...)
  stopped, stopped_at, raised = false, nil, nil
  sethook(watch, "", EVERY)
  local ok, value = xpcall(function() return f(unpack(args, 1, count)) end, failed)
  sethook()
  return ok, value
end

local function run(f, keys, argv, is_function)
  source = is_function and FUNCTION or SCRIPT
  local ok, value
  if is_function then
    ok, value = watched_call(f, keys, argv)
  else
    setfenv(f, environment(keys, argv))
    ok, value = watched_call(f)
  end
  if stopped then return nil, "", stopped_at, raised end
  local out = {}
  if ok then ok, value = pcall(flat, out, value, 0) end
  if ok then return out end
  if type(value) == "table" and value.text then return nil, value.text, value.line, nil end
  return nil, "ERR " .. tostring(value), nil, nil
end

-- the functions that a library registers; or nil and what went wrong
local function load(code)
  source = FUNCTION
  local f, problem = compiled_text(code, FUNCTION)
  if not f then return nil, "Error compiling function: " .. problem, nil, nil end
  setfenv(f, environment(nil, nil, true))
  registered = {}
  local ok, value = watched_call(f)
  local found = registered
  registered = nil
  if stopped then return nil, "", nil, raised end
  if ok then return found end
  return nil, "Error registering functions: " .. value.text, nil, nil
end
exempt[run], exempt[load], exempt[watched_call], exempt[failed] = true, true, true, true

for _, name in ipairs({"python", "io", "os", "package", "require", "module", "debug", "dofile", "loadfile",
    "load", "print"}) do
  _G[name] = nil
end
string.dump = nil
return {compile = compile, run = run, load = load}
"""
BOOTSTRAP = _TEXT.replace(b"@CJSON@", CJSON).replace(b"@RANDOM@", RANDOM)
