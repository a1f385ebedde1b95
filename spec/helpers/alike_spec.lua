-- Which names may be one and the same to a provider.

local alike = require "coffer.helpers.ensure.alike"

local function are_alike(one, other)
  return alike.key(one) == alike.key(other)
end

describe("names that may be the same", function()
  for _, pair in ipairs {
    { "Vault", "vAULT" }, { " a  b\t", "a b" }, { "a\u{a0}b", "a b" }, { "a\u{200b}b", "ab" },
    { "\u{e9}", "e\u{301}" }, { "\u{c9}", "e\u{301}" }, { "\u{1ead}", "a\u{302}\u{323}" },
    { "\u{1ead}", "\u{e2}\u{323}" }, { "\u{d55c}", "\u{1112}\u{1161}\u{11ab}" },
    { "\u{ac00}", "\u{1100}\u{1161}" }, { "\u{30ac}", "\u{30ab}\u{3099}" },
    { "\u{ff21}\u{ff11}", "a1" }, { "\u{141}\u{f3}d\u{179}", "\u{142}\u{d3}D\u{17a}" },
    { "\u{419}\u{41e}\u{414}", "\u{439}\u{43e}\u{434}" }, { "\u{3a3}", "\u{3c2}" },
    { "\u{130}", "I\u{307}" }, { "\u{410}", "\u{430}" }, { "", " \n" }, { "A\255", "a\255 " },
  } do
    it(("are %q and %q"):format(pair[1], pair[2]), function()
      assert.is_true(are_alike(pair[1], pair[2]))
    end)
  end

  for _, pair in ipairs {
    { "ab", "a b" }, { "Muller", "M\u{fc}ller" }, { "\u{6771}\u{4eac}", "\u{5927}\u{962a}" },
    { "a\u{301}\u{323}", "a\u{301}" }, { "\u{430}", "a" }, { "\u{d55c}", "\u{d558}" }, { "a", "" },
    { "a\255", "a\254" }, { "\u{131}", "i" }, { "vault-1", "vault-01" },
  } do
    it(("are not %q and %q"):format(pair[1], pair[2]), function()
      assert.is_false(are_alike(pair[1], pair[2]))
    end)
  end

  it("do not take long to compare, however long they are", function()
    local begun = os.clock()
    alike.key((" \u{e9}a"):rep(50000))
    alike.key((" "):rep(500000))
    alike.key("a" .. ("\u{301}\u{300}"):rep(20000))
    assert.is_true(os.clock() - begun < 2)
  end)
end)
