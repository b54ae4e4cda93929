package assign

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/internal/store"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts in testdata anew")

// TestTranscripts runs the commands of testdata/*.txt, lines that begin with
// "> ", and compares what a group under them does with the lines in between:
//
//	config c/2 d/1   configures connectors with numbers of tasks
//	delay 10s        sets scheduled.rebalance.max.delay.ms
//	join a           adds members; leave a removes some, with all they hold
//	wait 5s          lets time pass
//	round            makes a plan and gives it to the members
//	lose             makes a plan that reaches nobody
//	hold a c d-0     says that a member holds more than it should
//	lack a c d       says that a member has no plugins for connectors
//	deal             makes an eager plan
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := newScript(t).run(string(want))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !bytes.Equal(want, []byte(got)) {
				t.Errorf("%s is now (go test -rewrite writes it):\n%s", file, got)
			}
		})
	}
}

type script struct {
	t          *testing.T
	state      State
	now        time.Time
	delay      time.Duration
	configured Work
	held       map[string]Work
	lacks      map[string]map[string]bool
	generation int
	completed  int
}

func newScript(t *testing.T) *script {
	return &script{t: t, state: NewState(), now: time.UnixMilli(1_000_000), held: map[string]Work{}, lacks: map[string]map[string]bool{}, completed: -1}
}

func (s *script) run(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "> "); ok {
			out.WriteString(line)
			out.WriteString(s.command(strings.Fields(command)))
		} else if strings.HasPrefix(line, "#") || line == "\n" {
			out.WriteString(line)
		}
	}
	return out.String()
}

func (s *script) command(words []string) string {
	args := words[1:]
	switch words[0] {
	case "config":
		s.configured = Work{}
		for _, arg := range args {
			name, count, _ := strings.Cut(arg, "/")
			n, err := strconv.Atoi(count)
			if err != nil {
				s.t.Fatal(err)
			}
			s.configured.Connectors = append(s.configured.Connectors, name)
			for i := range n {
				s.configured.Tasks = append(s.configured.Tasks, store.TaskID{Connector: name, Task: i})
			}
		}
	case "delay":
		s.delay = s.duration(args[0])
	case "wait":
		s.now = s.now.Add(s.duration(args[0]))
	case "join":
		for _, id := range args {
			s.held[id] = Work{}
		}
	case "leave":
		for _, id := range args {
			delete(s.held, id)
		}
	case "hold":
		s.held[args[0]] = s.held[args[0]].Plus(parseWork(s.t, args[1:]))
	case "lack":
		s.lacks[args[0]] = map[string]bool{}
		for _, c := range args[1:] {
			s.lacks[args[0]][c] = true
		}
	case "round":
		return s.round(true)
	case "lose":
		return s.round(false)
	case "deal":
		var members []Member
		for id := range s.held {
			members = append(members, Member{ID: id, Lacks: s.lacks[id]})
		}
		plan := Eager(members, s.configured)
		var out strings.Builder
		for _, id := range slices.Sorted(maps.Keys(plan)) {
			fmt.Fprintf(&out, "%s: %s\n", id, show(plan[id]))
		}
		return out.String()
	default:
		s.t.Fatalf("no command %q", words[0])
	}
	return ""
}

func (s *script) duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func (s *script) round(reaches bool) string {
	s.generation++
	r := Round{Configured: s.configured, Generation: s.generation, Completed: s.completed, MaxDelay: s.delay, Now: s.now}
	for _, id := range slices.Sorted(maps.Keys(s.held)) {
		r.Members = append(r.Members, Member{ID: id, Holds: s.held[id], Lacks: s.lacks[id]})
	}
	var plan Plan
	s.state, plan = Incremental(s.state, r)
	if !reaches {
		return "lost\n"
	}
	s.completed = s.generation
	var out strings.Builder
	if plan.Delay > 0 {
		fmt.Fprintf(&out, "delay %v\n", plan.Delay)
	}
	for _, m := range r.Members {
		fmt.Fprintf(&out, "%s: +[%s] -[%s]", m.ID, show(plan.Assigned[m.ID]), show(plan.Revoked[m.ID]))
		s.held[m.ID] = m.Holds.Minus(plan.Revoked[m.ID]).Plus(plan.Assigned[m.ID])
		fmt.Fprintf(&out, " = %s\n", show(s.held[m.ID]))
	}
	return out.String()
}

func show(w Work) string {
	w = w.Sorted()
	words := slices.Clone(w.Connectors)
	for _, t := range w.Tasks {
		words = append(words, t.String())
	}
	return strings.Join(words, " ")
}

func parseWork(t *testing.T, words []string) Work {
	t.Helper()
	var w Work
	for _, word := range words {
		name, number, ok := strings.Cut(word, "-")
		if !ok {
			w.Connectors = append(w.Connectors, name)
			continue
		}
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		w.Tasks = append(w.Tasks, store.TaskID{Connector: name, Task: n})
	}
	return w
}

// TestDelaysAreWholeMilliseconds joins during a delay at odd moments: what is left
// of it is whole milliseconds, as the wire has them.
func TestDelaysAreWholeMilliseconds(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_000_000).Add(900 * time.Microsecond)
	round := func(s State, generation int, at time.Time, members ...Member) (State, Plan) {
		return Incremental(s, Round{
			Members: members, Configured: Work{Connectors: []string{"c", "d"}}, Generation: generation, Completed: generation - 1,
			MaxDelay: 10 * time.Millisecond, Now: at,
		})
	}
	s, plan := round(State{}, 1, now, Member{ID: "a"}, Member{ID: "b"})
	held := Member{ID: "a", Holds: plan.Next["a"]}
	s, plan = round(s, 2, now, held)
	if plan.Delay != 10*time.Millisecond {
		t.Fatalf("the delay is %v", plan.Delay)
	}
	for i := range 30 {
		now = now.Add(333 * time.Microsecond)
		s, plan = round(s, 3+i, now, held)
		if plan.Delay == 0 {
			if len(plan.Next["a"].Connectors) != 2 {
				t.Errorf("after the delay a runs %v", plan.Next["a"])
			}
			return
		}
		if plan.Delay%time.Millisecond != 0 {
			t.Fatalf("what is left is %v", plan.Delay)
		}
	}
	t.Error("the delay does not end")
}
