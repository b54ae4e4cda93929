package registry

import (
	"crypto/sha256"
	"encoding/json"
	"runtime"
	"sync"
	"weak"
)

// Pool hands out clients: converters with the same settings get the same one,
// for as long as any of them lives. A plugin set owns one.
type Pool struct {
	mu      sync.Mutex
	clients map[[sha256.Size]byte]weak.Pointer[Client]
}

// NewPool returns an empty pool.
func NewPool() *Pool { return &Pool{clients: map[[sha256.Size]byte]weak.Pointer[Client]{}} }

// Client returns the client for the settings. It asks nothing of the registry.
// The error is a *config.Error.
func (p *Pool) Client(s *Settings) (*Client, error) {
	k, err := fingerprint(s)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.clients[k].Value(); c != nil {
		return c, nil
	}
	c, err := newClient(s)
	if err != nil {
		return nil, err
	}
	p.clients[k] = weak.Make(c)
	runtime.AddCleanup(c, p.forget, k)
	return c, nil
}

func (p *Pool) forget(k [sha256.Size]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.clients[k].Value() == nil {
		delete(p.clients, k)
	}
}

// fingerprint is equal for settings that make equal clients; it holds the
// credentials only as a hash.
func fingerprint(s *Settings) ([sha256.Size]byte, error) {
	b, err := json.Marshal([]any{
		s.URLs, s.Randomize, s.MaxSchemas, s.ConnectTimeout, s.ReadTimeout, s.MaxRetries, s.RetryWait, s.RetryMaxWait,
		s.ProxyHost, s.ProxyPort, s.LatestSize, s.fingerprint(), s.headers, s.tls,
	})
	return sha256.Sum256(b), err
}
