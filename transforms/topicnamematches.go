package transforms

import (
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/transforms/javaregex"
)

// TopicNameMatches holds for records whose topic a pattern matches.
func TopicNameMatches() []plugin.Predicate {
	return predicate("TopicNameMatches", topicNameMatchesDef(), func() connect.Predicate { return &topicNameMatches{} })
}

func topicNameMatchesDef() config.Def {
	return config.Def{{
		Name: "pattern", Type: config.String, Required: true, Importance: config.Medium,
		Validator: config.All{config.NonEmpty{}, config.CheckFunc(validRegex)},
		Doc:       "The regular expression, as of Java, that the whole topic must match.",
	}}
}

type topicNameMatches struct {
	closer
	pattern *javaregex.Pattern
	last    struct {
		topic string
		holds bool
	}
}

func (p *topicNameMatches) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Pattern string `config:"pattern"`
	}](topicNameMatchesDef(), cfg)
	if err != nil {
		return err
	}
	p.pattern, err = javaregex.Compile(s.Pattern)
	return err
}

func (p *topicNameMatches) Test(r *connect.Record) bool {
	if r.Topic == "" {
		return false
	}
	if p.last.topic != r.Topic {
		p.last.topic, p.last.holds = strings.Clone(r.Topic), p.pattern.Matches(r.Topic)
	}
	return p.last.holds
}
