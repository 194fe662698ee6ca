package edge_test

import (
	"fmt"
	"net"
	"net/http"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/edge"
)

// HTTPS at a port that TURN clients may use as well, with a certificate that is read again when its file changes.
func Example() {
	certificates, err := edge.Files("cert.pem", "key.pem", zerolog.Nop())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer certificates.Close()
	ln, err := net.Listen("tcp", ":443")
	if err != nil {
		fmt.Println(err)
		return
	}
	port := edge.New(ln, edge.Config{TLS: certificates.TLS()})
	defer port.Close()
	// port.TURN() is for turnserver.Server.Serve.
	err = http.Serve(port.HTTP(), http.FileServer(http.Dir("public")))
	fmt.Println(err)
}
