//go:build linux

package main

import (
	"fmt"
	"time"
)

// Send sends messages, and is done when the other end says that it has all of them.
func (e *End) Send(l Load, f *Figures) error {
	message := make([]byte, l.Size)
	for i := range message {
		message[i] = byte(i)
	}
	return f.of(func() error {
		for range l.Count {
			if err := e.wire.send(e.ctx, message); err != nil {
				return err
			}
		}
		_, err := e.wire.recv(e.ctx)
		return err
	})
}

// Take is the other side of Send.
func (e *End) Take(l Load, f *Figures) error {
	return f.of(func() error {
		for range l.Count {
			message, err := e.wire.recv(e.ctx)
			if err != nil {
				return err
			}
			if len(message) != l.Size {
				return fmt.Errorf("a message of %d bytes came as %d", l.Size, len(message))
			}
		}
		return e.wire.send(e.ctx, []byte("all"))
	})
}

// Ping sends messages, each when the answer to the one before is there.
func (e *End) Ping(l Load, f *Figures) error {
	message := make([]byte, l.Size)
	return f.of(func() error {
		for range l.Count {
			sent := time.Now()
			if err := e.wire.send(e.ctx, message); err != nil {
				return err
			}
			if _, err := e.wire.recv(e.ctx); err != nil {
				return err
			}
			f.Samples = append(f.Samples, time.Since(sent))
		}
		return nil
	})
}

// Echo is the other side of Ping.
func (e *End) Echo(l Load, f *Figures) error {
	return f.of(func() error {
		for range l.Count {
			message, err := e.wire.recv(e.ctx)
			if err == nil {
				err = e.wire.send(e.ctx, message)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// of takes the figures of what is done.
func (f *Figures) of(do func() error) error {
	begun, cpu := time.Now(), used()
	err := do()
	f.Took, f.CPU = time.Since(begun), used()-cpu
	return err
}
