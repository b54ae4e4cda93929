package registry

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"sluice/connect/config"
)

// Client asks the registry and keeps the answers. It is safe for concurrent use:
// the converters of all tasks with the same settings share one.
type Client struct {
	urls    []string // without credentials, for texts
	clients []*sr.Client
	current atomic.Int32

	retries       int
	wait, maxWait time.Duration

	mu       sync.Mutex
	max      int
	ids      map[subjectText]Schema // as registered or found under a subject
	versions map[subjectText]int
	byID     map[subjectID]Schema
	latest   map[latestKey]latestEntry
	latestN  int
}

type subjectText struct {
	subject, text, references string
	normalized, registered    bool
}

type subjectID struct {
	subject string
	id      int
	guid    string
}

type latestKey struct{ subject, metadata string }

type latestEntry struct {
	schema Schema
	until  time.Time // zero is for ever
}

func newClient(s *Settings) (*Client, error) {
	transport, err := newTransport(s)
	if err != nil {
		return nil, err
	}
	authorize, err := s.authorizer()
	if err != nil {
		return nil, err
	}
	httpClient := &http.Client{Transport: transport, Timeout: s.ConnectTimeout + s.ReadTimeout}
	c := &Client{
		retries: max(0, s.MaxRetries), wait: s.RetryWait, maxWait: s.RetryMaxWait,
		max: max(1, s.MaxSchemas), latestN: max(1, s.LatestSize),
		ids: map[subjectText]Schema{}, versions: map[subjectText]int{}, byID: map[subjectID]Schema{}, latest: map[latestKey]latestEntry{},
	}
	for _, text := range s.URLs {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			// The text may hold a password.
			return nil, config.Errorf("Invalid value for configuration %s: each address must be http://host:port or https://host:port", urlKey)
		}
		user := u.User
		u.User = nil
		bare := strings.TrimSuffix(u.String(), "/")
		cl, err := sr.NewClient(sr.URLs(bare), sr.HTTPClient(httpClient), sr.UserAgent("sluice"), sr.PreReq(func(r *http.Request) error {
			for name, value := range s.headers {
				r.Header.Set(name, value)
			}
			return authorize(r, user)
		}))
		if err != nil {
			return nil, config.Errorf("%s: %v", urlKey, err)
		}
		c.urls, c.clients = append(c.urls, bare), append(c.clients, cl)
	}
	if s.Randomize {
		c.current.Store(rand.Int32N(int32(len(c.urls))))
	}
	return c, nil
}

func newTransport(s *Settings) (*http.Transport, error) {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: s.ConnectTimeout}).DialContext,
		ResponseHeaderTimeout: s.ReadTimeout,
		TLSHandshakeTimeout:   s.ConnectTimeout,
		MaxIdleConnsPerHost:   2,
		IdleConnTimeout:       time.Minute,
		ForceAttemptHTTP2:     true,
	}
	if s.ProxyHost != "" {
		t.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: net.JoinHostPort(s.ProxyHost, strconv.Itoa(s.ProxyPort))})
	}
	var err error
	t.TLSClientConfig, err = s.tls.config()
	return t, err
}

// call sends a request to one address after the other, and to each again after a
// wait, until one answers with something that another try would not change.
func (c *Client) call(do func(context.Context, *sr.Client) error) error {
	var err error
	for range c.clients {
		at := int(c.current.Load())
		for try := 0; ; try++ {
			// Converters are given no context: the time-outs of the client bound the call.
			err = do(context.Background(), c.clients[at]) //nolint:forbidigo // See above.
			if err == nil || !passing(err) {
				break
			}
			if try >= c.retries {
				break
			}
			time.Sleep(c.pause(try))
		}
		if err == nil || !passing(err) {
			break
		}
		c.current.CompareAndSwap(int32(at), int32((at+1)%len(c.clients)))
	}
	if err == nil {
		return nil
	}
	return &callError{err: err, urls: c.urls}
}

func (c *Client) pause(try int) time.Duration {
	longest := min(c.wait<<min(try, 20), c.maxWait)
	if longest <= 0 {
		return 0
	}
	return longest/2 + rand.N(longest/2+1)
}

// passing reports whether the failure may be gone with another try or server.
func passing(err error) bool {
	if answer, ok := errors.AsType[*sr.ResponseError](err); ok {
		switch answer.StatusCode {
		case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
			http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	return isNetwork(err)
}

func isNetwork(err error) bool {
	_, ok := errors.AsType[*url.Error](err)
	return ok || errors.Is(err, context.DeadlineExceeded)
}

func basic(userInfo string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(userInfo))
}

// key is what the caches know a schema by.
func key(subject string, s *Schema, normalized, registered bool) subjectText {
	k := subjectText{subject: subject, text: s.Text, normalized: normalized, registered: registered}
	for _, r := range s.References {
		k.references += r.Name + "\x00" + r.Subject + "\x00" + strconv.Itoa(r.Version) + "\x00"
	}
	return k
}

func params(normalize bool) context.Context {
	ctx := context.Background() //nolint:forbidigo // As in call.
	if normalize {
		return sr.WithParams(ctx, sr.Normalize)
	}
	return ctx
}

// Register returns the schema with the id that it has under the subject, where it
// is registered if it is not there yet.
func (c *Client) Register(subject string, s Schema, normalize bool) (Schema, error) {
	return c.identify(key(subject, &s, normalize, true), s, func(cl *sr.Client) (answer, error) {
		var into answer
		path := subjectPath(subject) + "/versions"
		err := cl.Do(params(normalize), http.MethodPost, path, s.wire(), &into)
		return into, err
	})
}

// Lookup returns the schema with the id that it has under the subject. As in Java
// the rules of the registered schema are not looked at.
func (c *Client) Lookup(subject string, s Schema, normalize bool) (Schema, error) {
	return c.identify(key(subject, &s, normalize, false), s, func(cl *sr.Client) (answer, error) {
		found, err := cl.LookupSchema(params(normalize), subject, s.wire())
		return answer{SubjectSchema: found}, err
	})
}

func (c *Client) identify(k subjectText, s Schema, ask func(*sr.Client) (answer, error)) (Schema, error) {
	c.mu.Lock()
	known, ok := c.ids[k]
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	var found answer
	err := c.call(func(_ context.Context, cl *sr.Client) (err error) {
		found, err = ask(cl)
		return err
	})
	if err != nil {
		return Schema{}, err
	}
	s.ID, s.GUID, s.rules = found.ID, found.GUID, found.Rules
	c.mu.Lock()
	defer c.mu.Unlock()
	keep(c.ids, c.max, k, s)
	return s, nil
}

// keep puts an entry into a cache; one that is full is emptied, since it then
// holds schemas that do not come back.
func keep[K comparable, V any](m map[K]V, limit int, k K, v V) {
	if len(m) >= limit {
		clear(m)
	}
	m[k] = v
}

// Version returns the version that the schema has under the subject.
func (c *Client) Version(subject string, s Schema) (int, error) {
	k := key(subject, &s, false, false)
	c.mu.Lock()
	known, ok := c.versions[k]
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	var answer sr.SubjectSchema
	err := c.call(func(ctx context.Context, cl *sr.Client) (err error) {
		answer, err = cl.LookupSchema(sr.WithParams(ctx, sr.ShowDeleted), subject, s.wire())
		return err
	})
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	keep(c.versions, c.max, k, answer.Version)
	return answer.Version, nil
}

// ByID returns the schema of the number, or of the global id where that is not
// "". The subject tells the registry where to look; "" leaves it open.
func (c *Client) ByID(subject string, id int, guid string) (Schema, error) {
	k := subjectID{subject, id, guid}
	c.mu.Lock()
	known, ok := c.byID[k]
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	path, param := "/schemas/ids/"+strconv.Itoa(id), sr.Subject(subject)
	if guid != "" {
		path, param = "/schemas/guids/"+url.PathEscape(guid), sr.Param{}
	}
	s, err := c.get(path, param)
	if err != nil {
		return Schema{}, err
	}
	s.ID, s.GUID = id, cmp.Or(guid, s.GUID)
	c.mu.Lock()
	defer c.mu.Unlock()
	keep(c.byID, c.max, k, s)
	return s, nil
}

// Latest returns the latest version of the subject, at most ttl old; a negative
// ttl takes whatever is known. Where there is metadata, it is the latest version
// that has all of it.
func (c *Client) Latest(subject string, metadata map[string]string, ttl time.Duration) (Schema, error) {
	now := time.Now()
	k := latestKey{subject, fmt.Sprint(metadata)}
	c.mu.Lock()
	known, ok := c.latest[k]
	c.mu.Unlock()
	if ok && (known.until.IsZero() || now.Before(known.until)) {
		return known.schema, nil
	}
	path, param := subjectPath(subject)+"/versions/latest", sr.Param{}
	if metadata != nil {
		path, param = subjectPath(subject)+"/metadata", withMetadata(metadata)
	}
	s, err := c.get(path, param)
	if err != nil {
		return Schema{}, err
	}
	e := latestEntry{schema: s}
	if ttl >= 0 {
		e.until = now.Add(ttl)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	keep(c.latest, c.latestN, k, e)
	return s, nil
}

func withMetadata(metadata map[string]string) sr.Param {
	q := url.Values{"deleted": {"true"}}
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		q.Add("key", name)
		q.Add("value", metadata[name])
	}
	return sr.RawParams(q)
}

func subjectPath(subject string) string { return "/subjects/" + url.PathEscape(subject) }

// answer is a schema of the registry. Its rules stand for those of the library,
// which knows fewer kinds.
type answer struct {
	sr.SubjectSchema
	Rules ruleSet `json:"ruleSet"`
}

// get asks for one schema and what it refers to.
func (c *Client) get(path string, param sr.Param) (Schema, error) {
	var found answer
	err := c.call(func(ctx context.Context, cl *sr.Client) error {
		found = answer{}
		return cl.Do(sr.WithParams(ctx, param), http.MethodGet, path, nil, &found)
	})
	if err != nil {
		return Schema{}, err
	}
	s, err := c.resolve(found.Schema)
	s.ID, s.GUID, s.rules = found.ID, found.GUID, found.Rules
	return s, err
}

// resolve fetches the texts of a schema's references.
func (c *Client) resolve(in sr.Schema) (Schema, error) { return c.resolveBelow(in, 0) }

const deepest = 32

var errDeep = errors.New("schema references are nested more than 32 deep, or refer to each other in a circle")

func (c *Client) resolveBelow(in sr.Schema, depth int) (Schema, error) {
	if depth > deepest {
		return Schema{}, &callError{err: errDeep, urls: c.urls}
	}
	out := Schema{Type: in.Type, Text: in.Schema}
	for _, r := range in.References {
		var answer sr.SubjectSchema
		err := c.call(func(ctx context.Context, cl *sr.Client) (err error) {
			answer, err = cl.SchemaByVersion(sr.WithParams(ctx, sr.ShowDeleted), r.Subject, r.Version)
			return err
		})
		if err != nil {
			return Schema{}, err
		}
		inner, err := c.resolveBelow(answer.Schema, depth+1)
		if err != nil {
			return Schema{}, err
		}
		out.References = append(out.References, Reference{Name: r.Name, Subject: r.Subject, Version: r.Version, Schema: inner})
	}
	return out, nil
}
