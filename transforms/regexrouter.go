package transforms

import (
	"errors"
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
	"sluice/transforms/javaregex"
)

// RegexRouter changes the topic of records whose topic a pattern matches.
func RegexRouter() []plugin.Transform {
	return single("RegexRouter", regexRouterDef(), func() connect.Transform { return &regexRouter{} })
}

func regexRouterDef() config.Def {
	return config.Def{
		{
			Name: "regex", Type: config.String, Required: true, Validator: config.CheckFunc(validRegex), Importance: config.High,
			Doc: "The regular expression, as of Java, that the whole topic must match.",
		},
		{
			Name: "replacement", Type: config.String, Required: true, Importance: config.High,
			Doc: "The new topic; $1 and ${name} in it stand for groups of the expression.",
		},
	}
}

// validRegex refuses what is no regular expression of Java.
func validRegex(name string, value any) error {
	text, ok := value.(string)
	if !ok {
		return config.InvalidValue(name, nil, `Invalid regex: Cannot invoke "String.length()" because "this.pattern" is null`)
	}
	if _, err := javaregex.Compile(text); err != nil {
		return config.InvalidValue(name, value, "Invalid regex: "+err.Error())
	}
	return nil
}

type regexRouter struct {
	closer
	regex       *javaregex.Pattern
	replacement string
	last        struct{ from, to string } // to is "" where there is none
}

func (t *regexRouter) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Regex       string `config:"regex"`
		Replacement string `config:"replacement"`
	}](regexRouterDef(), cfg)
	if err != nil {
		return err
	}
	t.replacement = s.Replacement
	t.regex, err = javaregex.Compile(s.Regex)
	return err
}

func (t *regexRouter) Apply(r *connect.Record, _ *schema.Arena) (bool, error) {
	// Records that follow one another mostly have the same topic.
	if t.last.to != "" && t.last.from == r.Topic {
		r.Topic = t.last.to
		return true, nil
	}
	to := r.Topic
	if t.regex.Matches(r.Topic) {
		var err error
		if to, err = t.regex.ReplaceFirst(r.Topic, t.replacement); err != nil {
			if wrong, ok := errors.AsType[*javaregex.ReplaceError](err); ok {
				err = connect.ClassErrorf(wrong.Class, "%s", wrong.Message)
			}
			return false, err
		}
	}
	t.last.from, t.last.to = strings.Clone(r.Topic), to
	r.Topic = to
	return true, nil
}
