"""The Lua half of scripting: what a script sees, and what it does not.

A script gets an environment of its own, made of copies; it reaches neither Python, files, other scripts
nor the interpreter's globals. Written here, after the behaviour of Redis 7.0.
"""

BOOTSTRAP = rb"""
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

local SOURCE, STOPPED, EVERY = "@user_script", {}, 20000

-- time: each so many instructions Python is asked whether to go on; when not, nothing runs any more ------

local stopped, raised, exempt = false, nil, {}
local watch
local function stop()
  stopped = true
  sethook(watch, "", 1)
  error(STOPPED, 0)
end

-- calls Python; what is raised there (Ctrl-C) no script may catch
local function host(work, ...)
  local ok, first, second = pcall(work, ...)
  if ok then return first, second end
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

local function frozen(fields)
  return setmetatable({}, {__index = fields, __newindex = readonly, __metatable = false})
end

local function copied(fields, names)
  local copy = {}
  for name in names:gmatch("%S+") do copy[name] = fields[name] end
  return copy
end

getmetatable("").__metatable = false

-- cjson ----------------------------------------------------------------------------------------------

local null = newproxy(false)
local MAX_DEPTH = 1000
local escapes = {['"'] = '\\"', ["\\"] = "\\\\", ["/"] = "\\/", ["\b"] = "\\b", ["\f"] = "\\f",
  ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\127"] = "\\u007f"}
local function quoted(text)
  return '"' .. gsub(text, '[%c"\\/\127]', function(c)
    return escapes[c] or format("\\u%04x", byte(c))
  end) .. '"'
end

local function array_length(value)
  local length, items = 0, 0
  for key in next, value do
    if type(key) ~= "number" or key < 1 or key ~= floor(key) then return nil end
    if key > length then length = key end
    items = items + 1
  end
  if length > items * 2 and length > 10 then
    error("Cannot serialise table: excessively sparse array", 0)
  end
  return length
end

local encode
local function encode_table(value, depth)
  if depth > MAX_DEPTH then error("Cannot serialise, excessive depth (" .. depth .. ")", 0) end
  local length, parts = array_length(value), {}
  if length and length > 0 then
    for place = 1, length do parts[place] = encode(rawget(value, place), depth) end
    return "[" .. concat(parts, ",") .. "]"
  end
  for key, item in next, value do
    local name = key
    if type(key) == "number" then name = format("%.14g", key)
    elseif type(key) ~= "string" then
      error("Cannot serialise table: table key must be a number or string", 0)
    end
    parts[#parts + 1] = quoted(name) .. ":" .. encode(item, depth)
  end
  return "{" .. concat(parts, ",") .. "}"
end

encode = function(value, depth)
  local kind = type(value)
  if kind == "string" then return quoted(value) end
  if kind == "number" then
    if value ~= value or value == huge or value == -huge then
      error("Cannot serialise number: must not be NaN or Inf", 0)
    end
    return format("%.14g", value)
  end
  if kind == "boolean" then return tostring(value) end
  if kind == "nil" or value == null then return "null" end
  if kind == "table" then return encode_table(value, depth + 1) end
  error("Cannot serialise " .. kind .. ": type not supported", 0)
end

local function utf8(code)
  if code < 0x80 then return char(code) end
  if code < 0x800 then return char(0xC0 + floor(code / 64), 0x80 + code % 64) end
  if code < 0x10000 then
    return char(0xE0 + floor(code / 4096), 0x80 + floor(code / 64) % 64, 0x80 + code % 64)
  end
  return char(0xF0 + floor(code / 262144), 0x80 + floor(code / 4096) % 64,
    0x80 + floor(code / 64) % 64, 0x80 + code % 64)
end

local function expected(what, text, place)
  local c, token = sub(text, place, place), "invalid token"
  if c == "" then token = "T_END"
  elseif c == "}" then token = "T_OBJ_END" elseif c == "]" then token = "T_ARR_END"
  elseif c == "{" then token = "T_OBJ_BEGIN" elseif c == "[" then token = "T_ARR_BEGIN"
  elseif c == "," then token = "T_COMMA" elseif c == ":" then token = "T_COLON"
  elseif c == '"' then token = "T_STRING" elseif find(c, "[%d-]") then token = "T_NUMBER" end
  error("Expected " .. what .. " but found " .. token .. " at character " .. place, 0)
end

local named = {b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/"}
local function decode_string(text, place)
  local parts, from = {}, place + 1
  while true do
    local at = find(text, '[%c"\\]', from)
    local c = at and sub(text, at, at)
    if c ~= '"' and c ~= "\\" then expected("value", text, place) end
    parts[#parts + 1] = sub(text, from, at - 1)
    if c == '"' then return concat(parts), at + 1 end
    local code = sub(text, at + 1, at + 1)
    if code == "u" then
      local hex = tonumber(sub(text, at + 2, at + 5), 16)
      if not hex then expected("value", text, place) end
      from = at + 6
      if hex >= 0xD800 and hex < 0xDC00 and sub(text, from, from + 1) == "\\u" then
        local low = tonumber(sub(text, from + 2, from + 5), 16)
        if low then hex, from = 0x10000 + (hex - 0xD800) * 1024 + low - 0xDC00, from + 6 end
      end
      parts[#parts + 1] = utf8(hex)
    else
      if not named[code] then expected("value", text, place) end
      parts[#parts + 1] = named[code]
      from = at + 2
    end
  end
end

local decode
local function after_blank(text, place) return find(text, "[^ \t\r\n]", place) or #text + 1 end

local function decode_list(text, place, depth, closing, one)
  local result = {}
  place = after_blank(text, place + 1)
  if sub(text, place, place) == closing then return result, place + 1 end
  while true do
    place = after_blank(text, one(result, place))
    local c = sub(text, place, place)
    if c == closing then return result, place + 1 end
    if c ~= "," then
      expected("comma or " .. (closing == "]" and "array end" or "object end"), text, place)
    end
    place = after_blank(text, place + 1)
  end
end

decode = function(text, place, depth)
  if depth > MAX_DEPTH then
    error("Found too many nested data structures (" .. depth .. ") at character " .. place, 0)
  end
  local c = sub(text, place, place)
  if c == '"' then return decode_string(text, place) end
  if c == "[" then
    return decode_list(text, place, depth, "]", function(result, at)
      local value, after = decode(text, at, depth + 1)
      result[#result + 1] = value
      return after
    end)
  end
  if c == "{" then
    return decode_list(text, place, depth, "}", function(result, at)
      if sub(text, at, at) ~= '"' then expected("object key string", text, at) end
      local key, after = decode_string(text, at)
      after = after_blank(text, after)
      if sub(text, after, after) ~= ":" then expected("colon", text, after) end
      local value, done = decode(text, after_blank(text, after + 1), depth + 1)
      result[key] = value
      return done
    end)
  end
  for word, value in pairs({["true"] = true, ["null"] = null}) do
    if sub(text, place, place + 3) == word then return value, place + 4 end
  end
  if sub(text, place, place + 4) == "false" then return false, place + 5 end
  local _, last = find(text, "^-?%d+%.?%d*[eE]?[+-]?%d*", place)
  local number = last and tonumber(sub(text, place, last))
  if not number then expected("value", text, place) end
  return number, last + 1
end

local cjson = {null = null, _NAME = "cjson"}
function cjson.encode(...)
  if select("#", ...) ~= 1 then error("bad argument #1 to 'encode' (expected 1 argument)", 2) end
  local ok, text = pcall(encode, (...), 0)
  if not ok then error(text, text == STOPPED and 0 or 2) end
  return text
end
function cjson.decode(...)
  local text = ...
  if select("#", ...) ~= 1 or (type(text) ~= "string" and type(text) ~= "number") then
    error("bad argument #1 to 'decode' (expected 1 argument)", 2)
  end
  text = tostring(text)
  local ok, value, place = pcall(decode, text, after_blank(text, 1), 1)
  if ok and after_blank(text, place) <= #text then
    ok, value = pcall(expected, "the end", text, after_blank(text, place))
  end
  if not ok then error(value, value == STOPPED and 0 or 2) end
  return value
end

-- redis ----------------------------------------------------------------------------------------------

local redis = {LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
  REPL_NONE = 0, REPL_AOF = 1, REPL_SLAVE = 2, REPL_REPLICA = 2, REPL_ALL = 3,
  REDIS_VERSION = py.version, REDIS_VERSION_NUM = py.version_number}

local function asked(work, raising, ...)
  local failed, value = host(work, ...)
  if stopped or host(py.must_stop) then stop() end
  if failed and raising then error({err = value}, 0) end
  if failed then return {err = value} end
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
function redis.set_repl() end
function redis.replicate_commands() return true end
function redis.breakpoint() return false end
function redis.debug() end

local bit = {}
for _, name in ipairs({"tobit", "tohex", "bnot", "band", "bor", "bxor", "lshift", "rshift", "arshift",
    "rol", "ror", "bswap"}) do
  bit[name] = function(...)
    local failed, value = host(py.bit, name, ...)
    if failed then error(value, 2) end
    return value
  end
end

-- the environment of one script ------------------------------------------------------------------------

local BASIC = "assert error getmetatable ipairs next pairs rawequal rawget select setmetatable tonumber "
  .. "tostring type unpack _VERSION gcinfo newproxy"
local STRING = "byte char find format gmatch gsub len lower match rep reverse sub upper"
local TABLE = "concat foreach foreachi getn insert maxn remove sort"
local MATH = "abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp ldexp log log10 max min mod "
  .. "modf pi pow rad random randomseed sin sinh sqrt tan tanh huge"
local basic, strings, tables, maths =
  copied(_G, BASIC), copied(string, STRING), copied(table, TABLE), copied(math, MATH)
local collect = collectgarbage

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
  if type(code) ~= "string" or byte(code) == 27 then return nil, "only text can be loaded" end
  local f, problem = loadstring(code, name)
  if not f then return nil, problem end
  return loadstring(host(py.without_tail_calls, dump(f)), name)
end

local function environment(keys, argv)
  local env = {}
  for name, value in pairs(basic) do env[name] = value end
  env.KEYS, env.ARGV = keys, argv
  env.string, env.table, env.math = frozen(strings), frozen(tables), frozen(maths)
  env.cjson, env.redis, env.bit = frozen(cjson), frozen(redis), frozen(bit)
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
  env.rawset = function(t, key, value)
    if t == env._G then error("Attempt to modify a readonly table", 2) end
    return rawset(t, key, value)
  end
  local proxy = setmetatable({}, {
    __index = function(_, name)
      local value = env[name]
      if value == nil then
        error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
      end
      return value
    end,
    __newindex = readonly, __metatable = false,
  })
  env._G = proxy
  env.rawget = function(t, key)
    if t == proxy then return env[key] end
    return rawget(t, key)
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

local function compile(code) return compiled_text(code, SOURCE) end

local function place_of()
  for level = 2, 12 do
    local info = getinfo(level, "Sl")
    if not info then break end
    if info.source == SOURCE then return info.currentline end
  end
end

local function failed(value)
  if value == STOPPED then return value end
  local err = type(value) == "table" and rawget(value, "err")
  if type(err) ~= "string" then err = "ERR " .. (type(value) == "table" and "table" or tostring(value)) end
  return {text = err, line = place_of()}
end

local function run(f, keys, argv)
  stopped, raised = false, nil
  setfenv(f, environment(keys, argv))
  sethook(watch, "", EVERY)
  local ok, value = xpcall(f, failed)
  sethook()
  if stopped then return nil, "", nil, raised end
  local out = {}
  if ok then ok, value = pcall(flat, out, value, 0) end
  if ok then return out end
  if type(value) == "table" and value.text then return nil, value.text, value.line, nil end
  return nil, "ERR " .. tostring(value), nil, nil
end
exempt[run], exempt[failed] = true, true

for _, name in ipairs({"python", "io", "os", "package", "require", "module", "debug", "dofile", "loadfile",
    "load", "print"}) do
  _G[name] = nil
end
string.dump = nil
return compile, run
"""
