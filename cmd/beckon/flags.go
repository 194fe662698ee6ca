package main

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/beckon-rtc/beckon/turnserver"
)

// tlsFlags are those of a port with TLS. Their names and meanings are the same in `serve` and in `turn`.
type tlsFlags struct {
	TLSCert       string   `group:"tls" placeholder:"FILE" help:"Certificate and those that it stands on, in PEM. Read again when it changes."`
	TLSKey        string   `group:"tls" placeholder:"FILE" help:"Its key, in PEM."`
	ACME          []string `group:"tls" name:"acme" placeholder:"DOMAIN" sep:"," help:"Or get certificates for these names, and renew them, from Let's Encrypt, whose terms you accept with it. It asks at port 443 of the name, which must lead here. Can be repeated."`
	ACMEEmail     string   `group:"tls" name:"acme-email" placeholder:"ADDRESS" help:"Where Let's Encrypt writes to when something is wrong with them."`
	ACMECache     string   `group:"tls" name:"acme-cache" placeholder:"DIR" defaults:"beckon/acme in your cache directory" help:"Where keys and certificates are kept. Without what is in it, each start asks for new ones, and few are given in a week."`
	ACMEDirectory string   `group:"tls" name:"acme-directory" placeholder:"URL" defaults:"Let's Encrypt" help:"Another certificate authority that speaks ACME."`
}

// certPlan is where certificates come from: files or ACME.
type certPlan struct {
	cert, key string   // files; "" with ACME
	domains   []string // for ACME
	email     string
	cache     string
	directory string // "": Let's Encrypt
}

// certPlan is nil without TLS. cacheDir is os.UserCacheDir.
func (f *tlsFlags) certPlan(cacheDir func() (string, error)) (*certPlan, error) {
	acme := len(f.ACME) > 0
	switch {
	case acme && (f.TLSCert != "" || f.TLSKey != ""):
		return nil, usagef("--acme gets the certificate that --tls-cert and --tls-key would bring: leave out one or the other")
	case (f.TLSCert == "") != (f.TLSKey == ""):
		return nil, usagef("--tls-cert and --tls-key belong together, and one of them is missing")
	case !acme && f.ACMEEmail+f.ACMEDirectory != "": // the cache of an image or a unit is for whoever wants it
		return nil, usagef("--acme-email and --acme-directory say more about --acme, which is missing: add it, like --acme beckon.example.org, or leave them out")
	case f.TLSCert != "":
		return &certPlan{cert: f.TLSCert, key: f.TLSKey}, nil
	case !acme:
		return nil, nil
	}
	c := &certPlan{email: f.ACMEEmail, cache: f.ACMECache, directory: f.ACMEDirectory}
	for _, d := range f.ACME {
		if err := checkDomain(d); err != nil {
			return nil, err
		}
		c.domains = append(c.domains, strings.ToLower(d))
	}
	if c.cache == "" {
		dir, err := cacheDir()
		if err != nil {
			return nil, usagef("--acme-cache is missing, and this user has no cache directory (%v): name a directory that outlives restarts, like /var/lib/beckon/acme", err)
		}
		c.cache = dir + "/beckon/acme"
	}
	return c, nil
}

// relayFlags are those about what is relayed, the same in `serve` and in `turn`.
type relayFlags struct {
	TurnRelayAddress []string `group:"relay" aliases:"relay-address" placeholder:"IP" sep:"," defaults:"this machine's, if that is public" help:"Address that peers see of the relay: the public one. Of each family one; can be repeated."`
	RelayLimit       []string `group:"relay" placeholder:"LIMIT" sep:"," defaults:"address:allocations=512" help:"Bounds for each identity, room or address: allocations at a time, bytes in a day, or the rate; like identity:allocations=50,bytes=20GB,rate=8Mbit. Can be repeated."`
	TurnAllow        []string `group:"relay" aliases:"allow-peer" placeholder:"CIDR" sep:"," help:"Network that the relay may reach though it is not public. Can be repeated."`
	TurnDeny         []string `group:"relay" aliases:"deny-peer" placeholder:"CIDR" sep:"," help:"Network that the relay may not reach. Beats --turn-allow. Can be repeated."`
}

// into puts them into a plan.
func (f *relayFlags) into(t *turnPlan) (err error) {
	if t.relay, err = parseRelayAddresses(f.TurnRelayAddress); err != nil {
		return err
	}
	if t.quotas, err = parseRelayLimits(f.RelayLimit); err != nil {
		return err
	}
	if t.allow, err = turnserver.ParsePrefixes(f.TurnAllow); err != nil {
		return flagError("--turn-allow", err)
	}
	if t.deny, err = turnserver.ParsePrefixes(f.TurnDeny); err != nil {
		return flagError("--turn-deny", err)
	}
	return nil
}

// adminFlags are those of the operator's listener.
type adminFlags struct {
	Admin string `group:"run" placeholder:"ADDR" defaults:"127.0.0.1:9478" help:"Where metrics (/metrics), health (/healthz, /readyz), /kick and /revoke are, for whoever reaches it; or none."`
}

// adminAddress is nil if there is to be none. Only with dev may another port than the default one be taken: elsewhere a Prometheus and
// `beckon health` know the port, and would ask whoever has it instead.
func (f adminFlags) adminAddress(dev bool) (*address, error) {
	switch f.Admin {
	case "none":
		return nil, nil
	case "":
		return &address{host: "127.0.0.1", port: 9478, orFree: dev}, nil
	}
	if _, err := strconv.ParseUint(f.Admin, 10, 16); err == nil {
		// Not ":9478", as elsewhere: whoever reaches this listener may use it.
		return nil, usagef("--admin %q is no HOST:PORT: did you mean \"127.0.0.1:%s\"?", f.Admin, f.Admin)
	}
	a, err := parseAddress("--admin", f.Admin, 9478)
	return &a, err
}

// parseRelayAddresses reads the addresses that peers are told: one of a family.
func parseRelayAddresses(items []string) (list []netip.Addr, err error) {
	for _, s := range items {
		addr, err := netip.ParseAddr(strings.TrimSpace(s))
		if err != nil || addr.IsUnspecified() || addr.IsMulticast() || addr.Zone() != "" {
			return nil, usagef("--turn-relay-address %q is no address that a peer could send to: write this machine's public one, like 198.51.100.7", s)
		}
		addr = addr.Unmap()
		for _, other := range list {
			if other.Is4() == addr.Is4() {
				return nil, usagef("--turn-relay-address has two addresses of one family, %s and %s: leave out one of them", other, addr)
			}
		}
		list = append(list, addr)
	}
	return list, nil
}
