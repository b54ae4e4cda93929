package transforms

import (
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
	"sluice/transforms/javadate"
)

// TimestampRouter makes the topic out of the topic and the timestamp of a record.
func TimestampRouter() []plugin.Transform {
	return single("TimestampRouter", timestampRouterDef(), func() connect.Transform { return &timestampRouter{} })
}

func timestampRouterDef() config.Def {
	return config.Def{
		{
			Name: "topic.format", Type: config.String, Default: "${topic}-${timestamp}", Importance: config.High,
			Doc: "The new topic; ${topic} and ${timestamp} in it stand for those of the record.",
		},
		{
			Name: "timestamp.format", Type: config.String, Default: "yyyyMMdd", Importance: config.High,
			Doc: "The pattern, as of SimpleDateFormat in Java, by which the timestamp is written, in UTC.",
		},
	}
}

type timestampRouter struct {
	closer
	topic  string
	format *javadate.Format
	// bad is what is wrong with the format: Java notices with the first record.
	bad  error
	text []byte
	last struct{ from, stamp, to string }
}

func (t *timestampRouter) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Topic  string `config:"topic.format"`
		Format string `config:"timestamp.format"`
	}](timestampRouterDef(), cfg)
	if err != nil {
		return err
	}
	t.topic = s.Topic
	if t.format, err = javadate.New(s.Format); err != nil {
		t.bad = connect.ClassErrorf(illegalArgument, "%s", err.Error())
	}
	return nil
}

func (t *timestampRouter) Apply(r *connect.Record, _ *schema.Arena) (bool, error) {
	if r.Timestamp == connect.NoTimestamp {
		return false, connect.DataErrorf("Timestamp missing on record: %s", recordText(r))
	}
	if t.bad != nil {
		return false, t.bad
	}
	t.text = t.format.Append(t.text[:0], r.Timestamp)
	// Records that follow one another mostly go to the same topic.
	if t.last.to == "" || t.last.from != r.Topic || t.last.stamp != string(t.text) {
		stamp := string(t.text)
		to := strings.ReplaceAll(t.topic, "${topic}", r.Topic)
		t.last.from, t.last.stamp, t.last.to = strings.Clone(r.Topic), stamp, strings.ReplaceAll(to, "${timestamp}", stamp)
	}
	r.Topic = t.last.to
	return true, nil
}
