// Package kafka makes Kafka clients from the settings of the Java clients:
// the same keys, the same values, other code below. It also creates topics
// and holds, in embedded, a broker for the first run.
//
// It owns the meaning of every client key (the table in keys.go says for each
// one whether it is mapped, without effect, or refused), the order in which a
// worker's and a connector's settings are laid over one another, and our
// values for keys that nobody set. It never decides when a client is made,
// what is produced or what is committed. Start reading at Settings.
package kafka

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Role says what a client is for, and so which keys it knows.
type Role uint8

// The three clients of Kafka Connect.
const (
	ProducerRole Role = 1 << iota
	ConsumerRole
	AdminRole
)

// String returns the word that Java's logs use for the role.
func (r Role) String() string {
	switch r {
	case ProducerRole:
		return "producer"
	case ConsumerRole:
		return "consumer"
	case AdminRole:
		return "admin client"
	default:
		return "client"
	}
}

// Settings are the configuration of one client under Java's keys.
type Settings struct {
	Role   Role
	Values map[string]string
}

// Plan is what settings come to: options for franz-go, and what has no option
// there and is up to the caller.
type Plan struct {
	// Opts are complete: kgo.NewClient needs no other.
	Opts []kgo.Opt
	// Warnings are for the log, one for each key that is unknown, without
	// effect, or held to a bound. They hold no secrets.
	Warnings []string

	// MaxPollRecords bounds what one poll hands over (max.poll.records); give
	// it to kgo.Client.PollRecords. Java's default is 500.
	MaxPollRecords int
	// MaxPollInterval is the time between two polls after which a consumer
	// gives up its partitions (max.poll.interval.ms).
	MaxPollInterval time.Duration

	// BatchBytes bounds a batch of the producer; a record that is larger
	// needs RequestBytes. Producer takes care of both.
	BatchBytes, RequestBytes int32
	// Idempotent says whether the producer is; IdempotenceAsked whether the
	// settings ask for it by name, so that it must not be given up.
	Idempotent, IdempotenceAsked bool
}

// Plan translates the settings. Every wrong value is reported, joined into one
// error; each part is a *ValueError that names key, value and what would be
// right.
func (s Settings) Plan() (*Plan, error) {
	b := newBuilder(s)
	for _, name := range slices.Sorted(maps.Keys(s.Values)) {
		b.read(name, s.Values[name])
	}
	b.common()
	switch s.Role {
	case ProducerRole:
		b.producer()
	case ConsumerRole:
		b.consumer()
	case AdminRole:
		b.admin()
	default: // Sets of roles stand in the table of keys only.
	}
	if err := errors.Join(b.errs...); err != nil {
		return nil, fmt.Errorf("settings of the %s: %w", s.Role, err)
	}
	return b.plan, nil
}

// Options is Plan for a caller that needs the options and warnings only.
func (s Settings) Options() (opts []kgo.Opt, warnings []string, err error) {
	p, err := s.Plan()
	if err != nil {
		return nil, nil, err
	}
	return p.Opts, p.Warnings, nil
}

// NewClient makes a client from the settings, with extra options after them.
// It connects to nothing yet. Warnings go to log, which also gets the client's
// own lines; nil is silent. Close the client in the end.
func NewClient(s Settings, log *slog.Logger, extra ...kgo.Opt) (*kgo.Client, error) {
	p, err := s.Plan()
	if err != nil {
		return nil, err
	}
	p.Warn(log)
	return p.newClient(log, extra...)
}

// Warn writes the warnings of the plan to log.
func (p *Plan) Warn(log *slog.Logger) {
	if log == nil {
		return
	}
	for _, w := range p.Warnings {
		log.Warn("client setting", "warning", w)
	}
}

// Away reports whether an error of a client says that no broker could be
// reached. That may go away by itself; a refusal does not.
func Away(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Op != "remote error" // a TLS alert is an answer
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF)
}

func (p *Plan) newClient(log *slog.Logger, extra ...kgo.Opt) (*kgo.Client, error) {
	opts := slices.Concat(p.Opts, []kgo.Opt{kgo.WithLogger(NewLogger(log))}, extra)
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("make a Kafka client: %w", err)
	}
	return cl, nil
}

// ValueError says that a key has a value that cannot be obeyed.
type ValueError struct {
	Key   string
	Value string // "[hidden]" for a password
	Right string // what would be right
}

// Error names key, value and what would be right.
func (e *ValueError) Error() string {
	return fmt.Sprintf("configuration key %q has the value %q: %s", e.Key, e.Value, e.Right)
}

// builder collects the options while it reads the settings.
type builder struct {
	role Role
	text map[string]string // as given
	val  map[string]any    // parsed, keys of the table only
	plan *Plan
	errs []error
}

func newBuilder(s Settings) *builder {
	return &builder{role: s.Role, text: s.Values, val: make(map[string]any, len(s.Values)), plan: &Plan{}}
}

func (b *builder) add(opts ...kgo.Opt) { b.plan.Opts = append(b.plan.Opts, opts...) }

func (b *builder) warn(format string, args ...any) {
	b.plan.Warnings = append(b.plan.Warnings, fmt.Sprintf(format, args...))
}

// wrong reports the value of a key.
func (b *builder) wrong(name, right string) {
	value := b.text[name]
	if k, ok := keyTable().find(name); ok && k.kind == password {
		value = hidden
	}
	b.errs = append(b.errs, &ValueError{Key: name, Value: value, Right: right})
}

// read checks one setting against the table and keeps its parsed value.
func (b *builder) read(name, text string) {
	k, ok := keyTable().find(name)
	if !ok || k.roles&b.role == 0 {
		if !strings.HasPrefix(name, metricsContext) {
			b.warn("unknown configuration key %q for the %s is ignored", name, b.role)
		}
		return
	}
	value, err := k.parse(text)
	if err != nil {
		b.wrong(name, err.Error())
		return
	}
	b.val[name] = value
	if k.none != "" {
		b.warn("configuration key %q for the %s has no effect: %s", name, b.role, k.none)
	}
	if right := k.refuse; right != nil {
		if msg := right(value); msg != "" {
			b.wrong(name, msg)
		}
	}
}

// metricsContext starts the keys that Connect hands to every client for its
// metric reporters.
const metricsContext = "metrics.context."

func get[T any](b *builder, name string) (T, bool) {
	v, ok := b.val[name].(T)
	return v, ok
}

func str(b *builder, name string) string {
	v, _ := get[string](b, name)
	return v
}

func millis(b *builder, name string, unset time.Duration) time.Duration {
	if v, ok := get[int64](b, name); ok {
		return msDuration(v)
	}
	return unset
}

// msDuration does not overflow: Java allows milliseconds up to 2^63.
func msDuration(ms int64) time.Duration {
	const most = int64(1<<63-1) / int64(time.Millisecond)
	return time.Duration(min(ms, most)) * time.Millisecond
}

func number(b *builder, name string, unset int64) int64 {
	if v, ok := get[int64](b, name); ok {
		return v
	}
	return unset
}

func boolean(b *builder, name string, unset bool) bool {
	if v, ok := get[bool](b, name); ok {
		return v
	}
	return unset
}

// hold brings a value of Java's wider range into what the library takes and
// says so.
func hold[T cmp.Ordered](b *builder, name string, v, least, most T) T {
	held := min(max(v, least), most)
	if held != v {
		b.warn("configuration key %q for the %s has the value %s and is held to %v", name, b.role, b.text[name], held)
	}
	return held
}
