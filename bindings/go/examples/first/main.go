//go:build go1.23

// Prints who hangs up: first ami://user:secret@pbx
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"example.org/libami/bindings/go/ami"
)

func main() {
	ctx := context.Background()
	conn, err := ami.Dial(ctx, os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	for ev, err := range conn.Events(ctx, "Hangup") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev.Get("Channel"), ev.Get("Cause-txt"))
	}
}
