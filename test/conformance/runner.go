package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	within    = 45 * time.Second // of a condition that gives no time of its own
	rebalance = 30 * time.Second // how long 409 of a rebalance is retried
	look      = 100 * time.Millisecond
)

var transient = regexp.MustCompile(`(?i)momentarily|conflicting operation|rebalance|stale configuration`)

// Runner runs cases against a worker.
type Runner struct {
	target *target
	mode   string
	record bool
}

// NewRunner returns a runner for the worker at the URL. mode is distributed,
// standalone or alt; with record the answers are put into the cases instead of
// being compared, which makes sense with the Java worker alone.
func NewRunner(ctx context.Context, address, mode string, record bool) (*Runner, error) {
	t, err := newTarget(ctx, address)
	if err != nil {
		return nil, err
	}
	return &Runner{target: t, mode: mode, record: record}, nil
}

// Run runs one case in the folder tmp and returns the number of its steps that
// count, and what is wrong, one text a step.
func (r *Runner) Run(ctx context.Context, c *Case, tmp string) (steps int, wrong []string, err error) {
	v, err := newVars(r.target.url, tmp)
	if err != nil {
		return 0, nil, err
	}
	for name, content := range c.Files {
		if err := os.WriteFile(filepath.Join(tmp, name), []byte(v.text(content)), 0o600); err != nil {
			return 0, nil, err
		}
	}
	defer r.cleanUp(context.WithoutCancel(ctx), c, v)
	for i := range c.Steps {
		s := &c.Steps[i]
		if !applies(s.Modes, "", r.mode) {
			continue
		}
		if s.counted() {
			steps++
		}
		problem, err := r.step(ctx, s, v)
		if err != nil {
			problem = "no answer: " + err.Error()
		}
		if problem != "" {
			wrong = append(wrong, fmt.Sprintf("[%d] %s%s %s: %s", i+1, s.Action, s.Method, s.Path, problem))
		}
	}
	return steps, wrong, nil
}

func (r *Runner) step(ctx context.Context, s *Step, v vars) (string, error) {
	if s.Action != "" {
		return act(ctx, s, v)
	}
	answer, late, err := r.exchange(ctx, s, v)
	if err != nil {
		return "", err
	}
	got := r.observe(s, answer, v)
	if r.record {
		r.keep(s, got)
		return late, nil
	}
	want := s.expected(r.mode)
	if want == nil {
		return "no recorded answer for mode " + r.mode, nil
	}
	problems := compare(s, want, got)
	if late != "" {
		problems = append([]string{late}, problems...)
	}
	return strings.Join(problems, "; "), nil
}

// exchange sends a step's request until its conditions hold and no rebalance is in
// the way.
func (r *Runner) exchange(ctx context.Context, s *Step, v vars) (answer *reply, late string, err error) {
	headers, body, err := prepare(s, v)
	if err != nil {
		return nil, "", err
	}
	limit := time.Duration(0)
	for _, c := range s.Until {
		limit = max(limit, time.Duration(c.Within*float64(time.Second)))
		if c.Within == 0 {
			limit = max(limit, within)
		}
	}
	if len(s.Until) == 0 {
		limit = rebalance
	}
	deadline := time.Now().Add(limit)
	for {
		if answer, err = r.target.call(ctx, s.Method, v.text(s.Path), headers, body); err != nil {
			return nil, "", err
		}
		m, _ := answer.json.(map[string]any)
		message, _ := m["message"].(string)
		rebalancing := answer.status == http.StatusConflict && transient.MatchString(message) && !s.NoRetry
		if !rebalancing && !slices.ContainsFunc(s.Until, func(c condition) bool { return !c.holds(answer, v) }) {
			return answer, "", nil
		}
		if time.Now().After(deadline) {
			if rebalancing {
				return answer, "still 409 of a rebalance after the time limit", nil
			}
			return answer, "condition " + text(s.Until) + " did not come true", nil
		}
		time.Sleep(look)
	}
}

func prepare(s *Step, v vars) (headers [][2]string, body []byte, err error) {
	for name, values := range s.Headers {
		for _, value := range values {
			headers = append(headers, [2]string{name, v.text(value)})
		}
	}
	typed := s.hasHeader("Content-Type")
	switch {
	case s.JSON != nil:
		var value any
		if err := decode(s.JSON, &value); err != nil {
			return nil, nil, err
		}
		if body, err = json.Marshal(v.value(value)); err != nil {
			return nil, nil, err
		}
	case s.Text != nil:
		body = []byte(v.text(*s.Text))
		typed = typed || s.ContentType != nil && !*s.ContentType
	default:
		typed = true
	}
	if !typed {
		headers = append(headers, [2]string{"Content-Type", "application/json"})
	}
	if !s.hasHeader("Accept") && (s.Accept == nil || *s.Accept) {
		headers = append(headers, [2]string{"Accept", "application/json"})
	}
	return headers, body, nil
}

// observe normalizes an answer to the form in which expectations are stored.
func (r *Runner) observe(s *Step, answer *reply, v vars) *Answer {
	n := normalizer{vars: v, version: r.target.version}
	a := &Answer{Status: answer.status, Headers: map[string]string{}}
	for _, name := range slices.Concat([]string{"Content-Type", "Location", "Allow"}, s.CompareHeaders) {
		if values := answer.header.Values(name); len(values) > 0 {
			a.Headers[name] = n.header(name, strings.Join(values, ", "))
		}
	}
	switch answer.kind {
	case "json":
		body := answer.json
		if s.OnlyOwn {
			body = own(body, v.run)
		}
		if s.Project == "errors" {
			body = errorProjection(body)
		}
		a.JSON, a.hasJSON = n.value(body, ""), true
		if s.Ordered {
			a.KeyOrder = n.value(keyOrder(answer.raw), "")
		}
	case "html":
		delete(a.Headers, "Content-Type")
		a.ErrorPage = true
	case "text":
		folded := v.fold.Replace(string(answer.raw))
		a.Text = &folded
	default:
		a.Empty = true
	}
	return a
}

// keep puts an answer into a step: as that of all modes where it was recorded in
// distributed mode, else only where it differs.
func (r *Runner) keep(s *Step, got *Answer) {
	exact := *s
	exact.Match = "exact"
	var own *Answer
	if s.Expect == nil || len(compare(&exact, s.Expect, got)) > 0 {
		own = got
	}
	switch r.mode {
	case "distributed":
		s.Expect = got
	case "standalone":
		s.ExpectStandalone = own
	case "alt":
		s.ExpectAlt = own
	}
}

// act carries out a step that is no request.
func act(ctx context.Context, s *Step, v vars) (string, error) {
	path := v.text(s.File)
	switch s.Action {
	case "write":
		return "", os.WriteFile(path, []byte(v.text(fromStep(s.Text))), 0o600)
	case "append":
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return "", err
		}
		_, err = f.WriteString(v.text(fromStep(s.Text)))
		if closed := f.Close(); err == nil {
			err = closed
		}
		return "", err
	case "mkdir":
		return "", os.MkdirAll(path, 0o750)
	case "remove":
		return "", os.Remove(path)
	case "sleep":
		time.Sleep(time.Duration(s.Seconds * float64(time.Second)))
		return "", nil
	case "wait-file":
		return waitFile(ctx, s, v)
	}
	return "", fmt.Errorf("unknown action %s", s.Action)
}

func fromStep(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func waitFile(ctx context.Context, s *Step, v vars) (string, error) {
	limit := within
	if s.Within > 0 {
		limit = time.Duration(s.Within * float64(time.Second))
	}
	want, got := v.text(s.Equals), ""
	for deadline := time.Now().Add(limit); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(look) {
		b, err := os.ReadFile(v.text(s.File))
		if got = string(b); err == nil && got == want {
			return "", nil
		}
	}
	return fmt.Sprintf("file %s: got %s, want %s", s.File, short(got), short(want)), nil
}

// cleanUp deletes the connectors of a case; what a worker cannot delete stays.
func (r *Runner) cleanUp(ctx context.Context, c *Case, v vars) {
	for _, name := range c.Connectors {
		path := "/connectors/" + url.PathEscape(v.text(name))
		for range 60 {
			answer, err := r.target.call(ctx, http.MethodDelete, path, nil, nil)
			if err != nil || answer.status != http.StatusConflict {
				break
			}
			time.Sleep(look)
		}
		for range 100 {
			answer, err := r.target.call(ctx, http.MethodGet, path+"/status", nil, nil)
			if err != nil || answer.status != http.StatusOK {
				break
			}
			time.Sleep(look)
		}
	}
	for _, logger := range c.ResetLoggers {
		headers := [][2]string{{"Content-Type", "application/json"}}
		_, _ = r.target.call(ctx, http.MethodPut, "/admin/loggers/"+logger, headers, []byte(`{"level":"INFO"}`))
	}
}
