package mux

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkMessages sends from one side to the other, within WriteFrame: what the package itself costs.
func BenchmarkMessages(b *testing.B) {
	for _, o := range []struct {
		name string
		Options
	}{{"ordered", Options{}}, {"unordered", Options{Class: Class{Unordered: true}}}, {"durable", Options{Durable: true}}} {
		for _, size := range []int{50, 1 << 10, 16 << 10, 256 << 10} {
			b.Run(fmt.Sprintf("%s/%d", o.name, size), func(b *testing.B) {
				w := newWorld(b, network{})
				cut := w.connect()
				defer cut()
				defer w.close()
				from, to := w.open(o.Options)
				data := make([]byte, size)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				done := make(chan struct{})
				go func() {
					defer close(done)
					for {
						if _, _, err := to.Recv(context.Background()); err != nil {
							return
						}
					}
				}()
				for b.Loop() {
					if err := from.Send(context.Background(), data, false); err != nil {
						b.Fatal(err)
					}
				}
				from.Close("")
				<-done
			})
		}
	}
}
