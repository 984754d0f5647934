//go:build go1.23

package main

import (
	"context"

	"example.org/libami/bindings/go/ami"
)

func init() { readers["range"] = readRange }

func readRange(ctx context.Context, sub *ami.Subscription, c *counter) error {
	for message, err := range sub.All(ctx) {
		if err != nil {
			return err
		}
		if c.message(message); c.done {
			return nil
		}
	}
	return nil
}
