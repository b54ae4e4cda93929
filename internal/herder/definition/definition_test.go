package definition_test

import (
	"regexp/syntax"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/internal/herder/definition"
)

// TestOrderOfKeys holds the order in which Connect 4.3.1 lists the keys.
func TestOrderOfKeys(t *testing.T) {
	t.Parallel()
	common := []string{
		"name", "connector.class", "connector.plugin.version", "tasks.max", "tasks.max.enforce", "key.converter",
		"key.converter.plugin.version", "value.converter", "value.converter.plugin.version", "header.converter",
		"header.converter.plugin.version", "transforms", "predicates", "config.action.reload", "errors.retry.timeout",
		"errors.retry.delay.max.ms", "errors.tolerance", "errors.log.enable", "errors.log.include.messages",
	}
	for name, c := range map[string]struct {
		def  config.Def
		tail []string
	}{
		"source": {definition.Source(definition.Defaults{}), []string{
			"topic.creation.groups", "exactly.once.support", "transaction.boundary", "transaction.boundary.interval.ms", "offsets.storage.topic",
		}},
		"sink": {definition.Sink(definition.Defaults{}), []string{
			"topics", "topics.regex", "errors.deadletterqueue.topic.name", "errors.deadletterqueue.topic.replication.factor",
			"errors.deadletterqueue.context.headers.enable",
		}},
	} {
		var got []string
		for _, k := range c.def {
			got = append(got, k.Name)
			if k.Doc == "" || k.Importance == "" || k.DisplayName == "" {
				t.Errorf("%s: key %s lacks documentation, importance or display name", name, k.Name)
			}
		}
		if diff := cmp.Diff(append(slices.Clip(common), c.tail...), got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestCompileRegex(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"a.*|b":  "",
		"[":      "Unclosed character class near index 0\n[\n^",
		"(":      "Unclosed group near index 1\n(",
		"*a":     "Dangling meta character '*' near index 0\n*a\n^",
		"a|(b":   "Unclosed group near index 4\na|(b",
		"(?z)":   "Unknown inline modifier near index 2\n(?z)\n  ^",
		"[a-":    "Illegal character range near index 3\n[a-",
		"a)":     "Unmatched closing ')' near index 0\na)\n^",
		"a{2,1}": "Illegal repetition range near index 5\na{2,1}\n     ^",
		"\\":     "Unexpected internal error near index 1\n\\",
	} {
		re, reason := definition.CompileRegex(pattern)
		if reason != want || (re == nil) != (want != "") {
			t.Errorf("%q: %q, want %q", pattern, reason, want)
		}
	}
	re, _ := definition.CompileRegex("a|b")
	if re.MatchString("ax") || !re.MatchString("b") {
		t.Error("a pattern does not match whole texts only")
	}
}

func FuzzCompileRegex(f *testing.F) {
	for _, s := range []string{"[", "(", "*", "a{2,1}", "\\", "(?<", "a)(b", "\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		re, reason := definition.CompileRegex(s)
		if (re == nil) != (reason != "") {
			t.Errorf("%q: %v and %q", s, re, reason)
		}
		if _, err := syntax.Parse(s, syntax.Perl); err != nil && reason == "" {
			t.Errorf("%q was accepted: %v", s, err)
		}
	})
}

// TestEveryKeyIsReadyForAForm: documented, and with a default that its own rules
// accept.
func TestEveryKeyIsReadyForAForm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		def  config.Def
		keys int
	}{
		"source":   {definition.Source(definition.Defaults{}), 24},
		"sink":     {definition.Sink(definition.Defaults{}), 24},
		"producer": {definition.ClientKeys(definition.ProducerClient), 113}, // the numbers of Kafka 4.3.1
		"consumer": {definition.ClientKeys(definition.ConsumerClient), 116},
		"admin":    {definition.ClientKeys(definition.AdminClient), 91},
	} {
		if len(c.def) != c.keys {
			t.Errorf("%s: %d keys, want %d", name, len(c.def), c.keys)
		}
		for _, k := range c.def {
			if k.Doc == "" || k.Doc[len(k.Doc)-1] != '.' {
				t.Errorf("%s: %s has the documentation %q, which is no sentence", name, k.Name, k.Doc)
			}
			text, ok := config.Format(k.Default)
			if !ok || k.Required {
				continue
			}
			parsed, err := config.Parse(k.Name, text, k.Type)
			if diff := cmp.Diff(k.Default, parsed); diff != "" || err != nil {
				t.Errorf("%s: the default of %s: %v %s", name, k.Name, err, diff)
			}
			if k.Validator != nil {
				if err := k.Validator.Check(k.Name, k.Default); err != nil {
					t.Errorf("%s: the default of %s: %v", name, k.Name, err)
				}
			}
		}
	}
}
