package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/peer"
)

// serve serves a folder until ctx or the session ends, and says why.
func serve(ctx context.Context, link peer.Link, folder string) error {
	root, err := os.OpenRoot(folder) // nothing outside of it, whatever links there are
	if err != nil {
		return err
	}
	defer root.Close()
	files := http.FileServerFS(root.FS())

	room, err := peer.Join(ctx, link.Server, link.Room, &peer.Config{Secret: link.Secret, Attributes: about{Files: true}})
	if err != nil {
		return err
	}
	var running sync.WaitGroup
	defer running.Wait()
	defer room.Close() // ends the listener, its connections and the requests
	listener, err := room.Listen(label)
	if err != nil {
		return err
	}
	running.Go(func() {
		s := http.Server{Handler: files, ReadHeaderTimeout: 10 * time.Second}
		s.Serve(listener)
	})
	fmt.Println("serving", folder, "in", link.Room)
	for {
		r, err := room.AcceptRequest(ctx)
		if err != nil {
			return err
		}
		running.Go(func() { answer(r, files) })
	}
}
