// Package ports finds ports for the servers of tests.
package ports

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
)

// The ports that tests take lie below those that the system gives to outgoing
// connections, of which a test has many: a port that is free stays free.
const (
	first = 10_240
	end   = 32_000
)

// Free returns the first of n ports of 127.0.0.1 in a row on which nobody listens.
func Free(ctx context.Context, n int) (int, error) {
	for range 100 {
		port := first + rand.IntN(end-first-n)
		if allFree(ctx, port, n) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no %d free ports in a row", n)
}

func allFree(ctx context.Context, from, n int) bool {
	for port := from; port < from+n; port++ {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		_ = l.Close() // only whether it is free is wanted
	}
	return true
}
