package lab

import (
	"fmt"
	"os"
	"os/exec"
)

// Missing is "" where labs can be built, and otherwise a sentence for a person: what is missing and how to get it.
func Missing() string {
	if os.Geteuid() != 0 {
		return "labs of NATs are made of network namespaces, for which one must be root"
	}
	for program, pkg := range map[string]string{"ip": "iproute2", "nft": "nftables"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Sprintf("there is no %s on PATH: install it, on Debian with `apt-get install %s`", program, pkg)
		}
	}
	// Root is not enough in a container, and a kernel may lack what a NAT needs.
	l, err := New()
	if err == nil {
		var h *Host
		if h, err = l.Add(Symmetric); err == nil {
			err = h.Reboot()
		}
		if closing := l.Close(); err == nil {
			err = closing
		}
	}
	if err != nil {
		return fmt.Sprintf("this machine does not let root build network namespaces with NATs; in a container it takes --privileged: %v", err)
	}
	return ""
}
