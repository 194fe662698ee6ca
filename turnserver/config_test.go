package turnserver

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/internal/testlog"
)

// wantConfigError checks that a mistake is named: the field, the bad value and a hint.
func wantConfigError(t *testing.T, err error, parts ...string) {
	t.Helper()
	var ce *ConfigError
	if !errors.As(err, &ce) || ce.Hint == "" {
		t.Errorf("want a ConfigError with %q, got %v", parts, err)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("%q does not name %q", err, p)
		}
	}
}

func TestParsePortRange(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]PortRange{"49152-65535": {49152, 65535}, "1024-1024": {1024, 1024}} {
		if got, err := ParsePortRange(s); err != nil || got != want || got.String() != s {
			t.Errorf("%q: %v %v", s, got, err)
		}
	}
	for s, hint := range map[string]string{
		"": "two ports", "49152": "two ports", "49152:65535": "two ports", "a-b": "begin", "49152-": "end", "-65535": "begin", "49152-65536": "end",
		"49152-65535-1": "end", " 49152-65535": "begin", "+2000-3000": "begin", "65535-49152": "did you mean 49152-65535?", "80-90": "1024", "0-0": "1024",
	} {
		_, err := ParsePortRange(s)
		wantConfigError(t, err, `"`+s+`"`, hint)
	}
}

func TestParsePrefixes(t *testing.T) {
	t.Parallel()
	got, err := ParsePrefixes([]string{"10.0.0.0/8", " 192.0.2.7", "2001:db8::/32", "::1", "0.0.0.0/0"})
	want := []string{"10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32", "::1/128", "0.0.0.0/0"}
	if err != nil || len(got) != len(want) {
		t.Fatal(got, err)
	}
	for i := range want {
		if got[i].String() != want[i] {
			t.Errorf("%s, want %s", got[i], want[i])
		}
	}
	for item, hint := range map[string]string{
		"10.0.0.0/33": "not a network", "10.0.0/8": "not a network", "": "not a network", "example.org": "not a network", "10.0.0.0/8,11.0.0.0/8": "not a network",
		"10.0.0.1/8": "did you mean 10.0.0.0/8?", "2001:db8::1/32": "did you mean 2001:db8::/32?", "fe80::1%eth0": "zone", "fe80::%eth0/64": "zone",
		"::ffff:10.0.0.1": "IPv4", "::ffff:10.0.0.0/104": "IPv4",
	} {
		list, err := ParsePrefixes([]string{"10.0.0.0/8", item})
		if list != nil {
			t.Errorf("%q: half a list", item)
		}
		wantConfigError(t, err, `"`+item+`"`, hint)
	}
}

func TestShuffledVisitsEveryPortOnce(t *testing.T) {
	t.Parallel()
	for _, r := range []PortRange{{5000, 5000}, {5000, 5001}, {5000, 5011}, {49152, 65535}, {1024, 65535}} {
		seen := map[uint16]bool{}
		if r.shuffled(func(p uint16) bool {
			if p < r.Min || p > r.Max || seen[p] {
				t.Fatalf("%s: %d again or outside", r, p)
			}
			seen[p] = true
			return false
		}) {
			t.Errorf("%s: done, although nothing was", r)
		}
		if len(seen) != int(r.Max)-int(r.Min)+1 {
			t.Errorf("%s: visited %d", r, len(seen))
		}
	}
	first := map[uint16]bool{}
	for range 20 {
		PortRange{1024, 65535}.shuffled(func(p uint16) bool { first[p] = true; return true })
	}
	if len(first) < 10 {
		t.Errorf("20 first ports are %d different ones", len(first))
	}
}

func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Config)
		parts  []string
	}{
		"no secret":          {func(c *Config) { c.Secret = nil }, []string{"Secret", "empty"}},
		"a user of no name":  {func(c *Config) { c.Users = map[string]string{"": "x"} }, []string{"Users", `""`}},
		"no password":        {func(c *Config) { c.Users = map[string]string{"bob": ""} }, []string{"Users", `"bob"`}},
		"no relay address":   {func(c *Config) { c.UDP = []string{":0"} }, []string{"RelayAddresses", ":0"}},
		"unspecified":        {func(c *Config) { c.RelayAddresses = addrs("0.0.0.0") }, []string{"RelayAddresses", "0.0.0.0"}},
		"multicast":          {func(c *Config) { c.RelayAddresses = addrs("224.0.0.1") }, []string{"RelayAddresses", "224.0.0.1"}},
		"not an address":     {func(c *Config) { c.RelayAddresses = []netip.Addr{{}} }, []string{"RelayAddresses"}},
		"one family twice":   {func(c *Config) { c.RelayAddresses = addrs("192.0.2.1", "::ffff:192.0.2.2") }, []string{"RelayAddresses", "192.0.2.1", "192.0.2.2"}},
		"bind: other family": {func(c *Config) { c.RelayBind = addrs("::1") }, []string{"RelayBind", "::1"}},
		"bind: twice":        {func(c *Config) { c.RelayBind = addrs("127.0.0.1", "127.0.0.2") }, []string{"RelayBind", "127.0.0.2"}},
		"bind: virtual":      {func(c *Config) { c.Ports, c.RelayBind = PortRange{}, addrs("127.0.0.1") }, []string{"RelayBind", "127.0.0.1"}},
		"no port":            {func(c *Config) { c.UDP = []string{"127.0.0.1"} }, []string{"listener", `"127.0.0.1"`}},
		"no port, TCP":       {func(c *Config) { c.TCP = []string{"[::1]"} }, []string{"listener", `"[::1]"`}},
		"negative queue":     {func(c *Config) { c.Limits.Queue = -1 }, []string{"Limits"}},
		"realm":              {func(c *Config) { c.Realm = "a\r\nb" }, []string{"Realm", `"a\r\nb"`}},
		"long realm":         {func(c *Config) { c.Realm = strings.Repeat("x", 128) }, []string{"Realm"}},
		"ports":              {func(c *Config) { c.Ports = PortRange{3000, 2000} }, []string{"port range"}},
		"made-up prefix":     {func(c *Config) { c.Deny = []netip.Prefix{{}} }, []string{"prefix"}},
		"unmasked prefix":    {func(c *Config) { c.Allow = []netip.Prefix{netip.MustParsePrefix("10.0.0.1/8")} }, []string{"10.0.0.0/8"}},
		"negative limit":     {func(c *Config) { c.Limits.TCPIdle = -1 }, []string{"Limits"}},
		"frame above Pion's": {func(c *Config) { c.Limits.Frame = 1601 }, []string{"Limits.Frame", "1601"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{UDP: []string{"127.0.0.1:0"}, Secret: testSecret, Ports: PortRange{49152, 65535}}
			c.change(&cfg)
			s, err := Listen(t.Context(), cfg)
			if err == nil {
				_ = s.Close()
			}
			wantConfigError(t, err, c.parts...)
		})
	}
}

// An address that cannot be bound stops the start, and not the first client.
func TestRelayBindIsTried(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	cfg.RelayBind = addrs("192.0.2.200")
	if s, err := Listen(t.Context(), cfg); err == nil {
		_ = s.Close()
		t.Error("it started")
	}
}

func TestConfigIsCopied(t *testing.T) {
	t.Parallel()
	secret := []byte("first secret")
	s := listen(t, func(c *Config) { c.Secret = secret })
	before, pass := s.Credentials("x", time.Hour)
	copy(secret, "other")
	if passwordOf([]byte("first secret"), before) != pass {
		t.Error("wrong password")
	}
	if u, p := s.Credentials("x", time.Hour); passwordOf([]byte("first secret"), u) != p {
		t.Error("the secret changed under the server")
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	s := listen(t, func(c *Config) {
		c.UDP, c.TCP = []string{"127.0.0.1:0", "127.0.0.1:0"}, []string{"127.0.0.2:0"}
		c.RelayAddresses = addrs("2001:db8::7")
	}, virtual)
	u, p := s.UDPAddrs(), s.TCPAddrs()
	for host, h := range map[string]string{"turn.example.org": "turn.example.org", "203.0.113.7": "203.0.113.7", "2001:db8::1": "[2001:db8::1]", "[2001:db8::1]": "[2001:db8::1]", "": "[2001:db8::7]"} {
		want := []string{
			fmt.Sprintf("stun:%s:%d", h, u[0].Port()), fmt.Sprintf("turn:%s:%d?transport=udp", h, u[0].Port()),
			fmt.Sprintf("turn:%s:%d?transport=udp", h, u[1].Port()), fmt.Sprintf("turn:%s:%d?transport=tcp", h, p[0].Port()),
			"turns:" + h + ":443?transport=tcp", "turn:" + h + ":80?transport=tcp",
		}
		if got := s.URLs(host, Stream{443, true}, Stream{Port: 80}); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
	one := strconv.Itoa(int(u[0].Port()))
	two := listen(t, func(c *Config) { c.UDP, c.TCP = []string{"127.0.0.3:" + one, "127.0.0.4:" + one}, nil }, virtual)
	if got := two.URLs("x"); !slices.Equal(got, []string{"stun:x:" + one, "turn:x:" + one + "?transport=udp"}) {
		t.Errorf("one port on two addresses: %q", got)
	}
	if got := listen(t, func(c *Config) { c.UDP, c.TCP = nil, nil }, virtual).URLs("x", Stream{443, true}); !slices.Equal(got, []string{"turns:x:443?transport=tcp"}) {
		t.Errorf("without listeners: %q", got)
	}
}

func addrs(list ...string) (as []netip.Addr) {
	for _, s := range list {
		as = append(as, netip.MustParseAddr(s))
	}
	return as
}

// What the server logs about a session, down to trace, holds no password.
func TestLogsHoldNoPassword(t *testing.T) {
	t.Parallel()
	var log testlog.Log
	s := listen(t, func(c *Config) { c.Log = zerolog.New(&log).Level(zerolog.TraceLevel) })
	w := newWire(t, s, "tcp")
	w.allocate()
	_ = s.Close()
	if out := log.String(); !strings.Contains(out, "allocation created") || strings.Contains(out, w.pass) {
		t.Errorf("log: %s", out)
	}
}
