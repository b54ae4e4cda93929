package telemetry

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Root is the name of the logger above all, as Kafka Connect's REST answers spell
// it. An empty name and any case mean it, too.
const Root = "root"

// LoggerLevel is a logger with its level now, as a member of the answer to GET
// /admin/loggers.
type LoggerLevel struct {
	Name  string
	Level string
	// LastModified is in milliseconds since 1970; nil until [Levels.Set] has
	// changed the level.
	LastModified *int64
}

// Levels has the levels of all loggers by name. It behaves as the loggers of the
// Java worker do behind /admin/loggers, with one addition: the names of our
// packages have Java's as aliases, so that org.apache.kafka.clients=DEBUG makes
// sluice.kafka speak. It may be used by many goroutines at once and never blocks
// for long.
type Levels struct {
	mu sync.Mutex
	// set has the levels that were given; root always has one.
	set map[string]given
	// loggers has all names that are known.
	loggers map[string]*logger
	// turn counts the calls of Set, to know the later one of two.
	turn int
}

type given struct {
	level slog.Level
	turn  int
}

// logger is what the handlers of one name share.
type logger struct {
	name     string
	level    atomic.Int64
	modified *int64
}

// aliases are the names in Java of what a package of ours does.
var aliases = map[string]string{
	"sluice.app":        "org.apache.kafka.connect.cli",
	"sluice.group":      "org.apache.kafka.connect.runtime.distributed",
	"sluice.herder":     "org.apache.kafka.connect.runtime.AbstractHerder",
	"sluice.kafka":      "org.apache.kafka.clients",
	"sluice.plugins":    "org.apache.kafka.connect.runtime.isolation",
	"sluice.properties": "org.apache.kafka.common.config",
	"sluice.rest":       "org.apache.kafka.connect.runtime.rest",
	"sluice.store":      "org.apache.kafka.connect.storage",
	"sluice.worker":     "org.apache.kafka.connect.runtime.Worker",
}

// NewLevels makes levels with INFO for all.
func NewLevels() *Levels {
	l := &Levels{set: map[string]given{Root: {level: slog.LevelInfo}}, loggers: map[string]*logger{}}
	l.logger(Root)
	return l
}

// List returns the loggers that are known, by name, without those at OFF.
func (l *Levels) List() []LoggerLevel {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []LoggerLevel
	for _, name := range slices.Sorted(maps.Keys(l.loggers)) {
		if g := l.loggers[name]; g.now() != LevelOff {
			list = append(list, g.shown())
		}
	}
	return list
}

// Get returns one logger; ok is false where none of that name is known.
func (l *Levels) Get(name string) (level LoggerLevel, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g, ok := l.loggers[canonical(name)]
	if !ok {
		return LoggerLevel{}, false
	}
	return g.shown(), true
}

// Set gives a level to a logger, makes it known, and gives the level to all
// loggers that have one of their own and whose name begins with this one, at a
// dot or not, as Java does. It returns the names that begin so and whose level
// has really changed, sorted, and marks them as modified at now. An unknown level
// is a [*LevelError] and changes nothing.
func (l *Levels) Set(name, level string, now time.Time) ([]string, error) {
	to, err := ParseLevel(level)
	if err != nil {
		return nil, err
	}
	name = canonical(name)
	known := l.logger(name)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn++
	for other := range l.set {
		if under(other, name) {
			l.set[other] = given{to, l.turn}
		}
	}
	l.set[known.name] = given{to, l.turn}
	changed := []string{}
	for other, g := range l.loggers {
		before := g.now()
		g.level.Store(int64(l.effective(other)))
		// OFF is as good as not listed, so for Java setting it anew is a change.
		if under(other, name) && (before != g.now() || before == LevelOff) {
			g.modified = new(now.UnixMilli())
			changed = append(changed, other)
		}
	}
	slices.Sort(changed)
	return changed, nil
}

// logger returns the logger of a name, which is known from then on.
func (l *Levels) logger(name string) *logger {
	name = canonical(name)
	l.mu.Lock()
	defer l.mu.Unlock()
	g, ok := l.loggers[name]
	if !ok {
		g = &logger{name: name}
		g.level.Store(int64(l.effective(name)))
		l.loggers[name] = g
	}
	return g
}

// effective gives the level of the nearest name above or equal. Where Java's
// name for the same thing has been set later, that one counts.
func (l *Levels) effective(name string) slog.Level {
	found, ok := l.nearest(name)
	if java, has := l.nearest(aliases[packageOf(name)]); has && (!ok || java.turn > found.turn) {
		found, ok = java, true
	}
	if !ok {
		found = l.set[Root]
	}
	return found.level
}

func (l *Levels) nearest(name string) (given, bool) {
	for name != "" {
		if g, ok := l.set[name]; ok {
			return g, true
		}
		name = name[:max(strings.LastIndexByte(name, '.'), 0)]
	}
	return given{}, false
}

// packageOf cuts a name to its first two parts: sluice.store of
// sluice.store.file.
func packageOf(name string) string {
	first := strings.IndexByte(name, '.')
	if first < 0 {
		return name
	}
	if second := strings.IndexByte(name[first+1:], '.'); second >= 0 {
		return name[:first+1+second]
	}
	return name
}

// under says that a change of the name changes the other one, too.
func under(other, name string) bool { return name == Root || strings.HasPrefix(other, name) }

func canonical(name string) string {
	if name == "" || strings.EqualFold(name, Root) {
		return Root
	}
	return name
}

func (g *logger) now() slog.Level { return slog.Level(g.level.Load()) }

func (g *logger) shown() LoggerLevel {
	return LoggerLevel{Name: g.name, Level: LevelName(g.now()), LastModified: g.modified}
}
