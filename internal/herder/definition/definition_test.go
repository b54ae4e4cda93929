package definition_test

import (
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
