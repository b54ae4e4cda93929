package login

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// CacheConfig says whence a Cache gets tokens, and how long one is used.
type CacheConfig struct {
	// Fetch gets a token, a JWT with a claim exp.
	Fetch func(ctx context.Context) (string, error)
	// Window is the part of its life after which a token is not used any more;
	// up to Jitter of its life is added at random.
	Window, Jitter float64
	// Buffer is the end of its life in which a token is not used, where it lives
	// longer than that.
	Buffer time.Duration
}

// Cache keeps a token until a part of its life is over, as Java's login does,
// but gets the next one when a connection needs it. It is safe for concurrent use.
type Cache struct {
	cfg     CacheConfig
	busy    chan struct{} // holds one item while a token is read or fetched; guards what is below
	kept    string
	renewAt time.Time
}

// NewCache returns an empty cache.
func NewCache(cfg CacheConfig) *Cache { return &Cache{cfg: cfg, busy: make(chan struct{}, 1)} }

// Token returns the token that is kept, or a new one; it waits for that until
// ctx ends.
func (c *Cache) Token(ctx context.Context) (string, error) {
	select {
	case c.busy <- struct{}{}:
		defer func() { <-c.busy }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	now := time.Now()
	if c.kept != "" && now.Before(c.renewAt) {
		return c.kept, nil
	}
	token, err := c.cfg.Fetch(ctx)
	if err != nil {
		return "", err
	}
	expires, err := expiry(token)
	if err != nil {
		return "", err
	}
	life := expires.Sub(now)
	if life <= 0 {
		return "", fmt.Errorf("the token is over since %s", expires.UTC().Format(time.RFC3339))
	}
	wait := time.Duration(float64(life) * (c.cfg.Window + c.cfg.Jitter*rand.Float64()))
	if late := life - c.cfg.Buffer; late > 0 {
		wait = min(wait, late)
	}
	c.kept, c.renewAt = token, now.Add(wait)
	return token, nil
}

// expiry reads until when a token holds. What else it says the broker checks. The
// error shows nothing of it.
func expiry(token string) (time.Time, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}, errors.New("the token is not a JWT: it has not three parts with dots between them")
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return time.Time{}, errors.New("the token is not a JWT: its second part is not base64")
	}
	var claims struct{ Exp *float64 }
	if err := json.Unmarshal(payload, &claims); err != nil {
		return time.Time{}, errors.New("the token is not a JWT: its second part is not JSON with a number exp")
	}
	if claims.Exp == nil {
		return time.Time{}, errors.New("the token has no claim exp")
	}
	return time.UnixMilli(int64(*claims.Exp * 1000)), nil
}
