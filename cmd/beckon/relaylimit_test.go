package main

import (
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/turnserver"
)

func TestRelayLimits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]turnserver.Quotas{
		"identity:allocations=4,bytes=10GB,rate=8Mbit":  {Identity: turnserver.Quota{Allocations: 4, Bytes: 10e9, BitsPerSecond: 8e6}},
		"identity:allocations=4,room:rate=1.5Gbit":      {Identity: turnserver.Quota{Allocations: 4}, Room: turnserver.Quota{BitsPerSecond: 1.5e9}},
		"room:bytes=1GiB, address:bytes=500kB":          {Room: turnserver.Quota{Bytes: 1 << 30}, Address: turnserver.Quota{Bytes: 500e3}},
		"address:allocations=1,identity:allocations=2":  {Address: turnserver.Quota{Allocations: 1}, Identity: turnserver.Quota{Allocations: 2}},
		"identity:rate=8mbit,bytes=10gB,allocations=10": {Identity: turnserver.Quota{Allocations: 10, Bytes: 10e9, BitsPerSecond: 8e6}},
		"": {},
	} {
		got, err := parseRelayLimits(strings.FieldsFunc(text, func(r rune) bool { return r == ',' }))
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
}

// What a limit is not is said with what was probably meant.
func TestRelayLimitErrors(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"allocations=4":                             "does not say of what",
		"user:allocations=4":                        "does not say of what",
		"identity":                                  "does not say of what",
		"identity:allocations":                      "has no number",
		"identity:allocations=4,allocations=5":      "says identity:allocations twice",
		"identity:allocations=0":                    "whole numbers from 1",
		"identity:allocations=-1":                   "whole numbers from 1",
		"identity:allocations=many":                 "whole numbers from 1",
		"identity:allocations=1.5":                  "whole numbers from 1",
		"identity:bytes=10":                         "like 20GB",
		"identity:bytes=10Gb":                       "bits a second are rate=8Mbit",
		"identity:bytes=0GB":                        "like 20GB",
		"identity:bytes=-1GB":                       "like 20GB",
		"identity:bytes=1e99TB":                     "like 20GB",
		"identity:bytes=NaNGB":                      "like 20GB",
		"identity:rate=8MB":                         "a volume is bytes=20GB",
		"identity:rate=8Mbit/s":                     "each second",
		"identity:bandwidth=8Mbit":                  `"bandwidth" is none of`,
		"identity:allocations=4,room:allocations=x": "whole numbers",
	} {
		_, err := parseRelayLimits(strings.Split(text, ","))
		if err == nil || !strings.Contains(err.Error(), says) || !strings.HasPrefix(err.Error(), "--relay-limit ") {
			t.Errorf("%s: %v, want an error with %q", text, err, says)
		}
	}
}
