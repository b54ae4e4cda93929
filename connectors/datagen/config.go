package datagen

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"sluice/connect/config"
)

const (
	keyTopic      = "kafka.topic"
	keyInterval   = "max.interval"
	keyIterations = "iterations"
	keyString     = "schema.string"
	keyFilename   = "schema.filename"
	keyField      = "schema.keyfield"
	keyQuickstart = "quickstart"
	keySeed       = "random.seed"
	keyTask       = "task.id"
)

func sourceKeys() []string { return []string{keyString, keyFilename, keyQuickstart} }

func definition() config.Def {
	return config.Def{
		{Name: keyTopic, Type: config.String, Required: true, Importance: config.High, Doc: "The topic that the records go to."},
		{
			Name: keyInterval, Type: config.Long, Default: int64(500), Importance: config.High,
			Doc: "The longest pause before a record, in milliseconds. Each pause is drawn at random; 0 or less makes none.",
		},
		{
			Name: keyIterations, Type: config.Int, Default: int32(-1), Importance: config.High,
			Doc: "How many records each task makes before it fails. Below 1 there is no end.",
		},
		{
			Name: keyString, Type: config.String, Default: "", Validator: config.CheckFunc(checkString), Importance: config.High,
			Doc: "The Avro schema of the records, as JSON.",
		},
		{
			Name: keyFilename, Type: config.String, Default: "", Validator: config.CheckFunc(checkFile), Importance: config.High,
			Doc: "The file with the Avro schema of the records.",
		},
		{
			Name: keyField, Type: config.String, Default: "", Importance: config.High,
			Doc: "The field whose value is also the key of a record.",
		},
		{
			Name: keyQuickstart, Type: config.String, Default: "", Validator: config.CheckFunc(checkQuickstart), Importance: config.High,
			Doc: "The name of a schema that comes with the connector.",
		},
		{
			Name: keySeed, Type: config.Long, Importance: config.Low,
			Doc: "The seed of the random numbers. The same seed gives the same records; the tasks of a connector differ.",
		},
	}
}

type settings struct {
	Topic      string `config:"kafka.topic"`
	Interval   int64  `config:"max.interval"`
	Iterations int    `config:"iterations"`
	String     string `config:"schema.string"`
	Filename   string `config:"schema.filename"`
	KeyField   string `config:"schema.keyfield"`
	Quickstart string `config:"quickstart"`
	Seed       *int64 `config:"random.seed"`
}

var errSchema = &config.Error{Message: "Unable to parse the provided schema"}

func checkString(_ string, value any) error {
	if s, _ := value.(string); s != "" {
		if _, err := parseAvro([]byte(s)); err != nil {
			return errSchema
		}
	}
	return nil
}

func checkFile(_ string, value any) error {
	if s, _ := value.(string); s != "" {
		if _, err := schemaOfFile(s); err != nil {
			return errSchema
		}
	}
	return nil
}

func checkQuickstart(name string, value any) error {
	s, _ := value.(string)
	if s == "" {
		return nil
	}
	if _, ok := findQuickstart(s); ok {
		return nil
	}
	var names []string
	for _, q := range quickstarts() {
		names = append(names, q.name)
	}
	return config.Errorf("%s must be one out of %s", name, strings.Join(names, ","))
}

// schemaOfFile reads the schema of a file, or of a quickstart by its Java name.
func schemaOfFile(name string) (*avroSchema, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		all := quickstarts()
		if i := slices.IndexFunc(all, func(q quickstart) bool { return q.file == name }); i >= 0 {
			return all[i].schema()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read schema file %s: %w", name, err)
	}
	return parseAvro(text)
}

// schema returns the schema of the settings and the key field, "" being none.
// A quickstart goes before a text, and that before a file.
func (s settings) schema() (*avroSchema, string, error) {
	if s.Quickstart != "" {
		q, ok := findQuickstart(s.Quickstart)
		if !ok {
			return nil, "", checkQuickstart(keyQuickstart, s.Quickstart)
		}
		a, err := q.schema()
		return a, cmp.Or(s.KeyField, q.key), err
	}
	if s.String != "" {
		a, err := parseAvro([]byte(s.String))
		return a, s.KeyField, err
	}
	a, err := schemaOfFile(s.Filename)
	return a, s.KeyField, err
}

// validate adds the errors of rules over several keys: one source of the
// schema, and a key field that is in it.
func validate(cfg config.Map, values config.Values) {
	const message = "Must set exactly one of schema.string, schema.filename, quickstart"
	var set []string
	for _, name := range sourceKeys() {
		// A value that did not parse is not "" either, so it counts as in Java.
		if v := values.Find(name); v != nil && v.Value != "" {
			set = append(set, name)
		}
	}
	wrong := set
	if len(set) == 0 {
		wrong = sourceKeys()
	}
	if len(set) != 1 {
		for _, name := range wrong {
			values.AddError(name, message)
		}
		return
	}
	s, err := config.Decode[settings](definition(), cfg)
	if err != nil || s.KeyField == "" {
		return // The values hold the errors of single keys already.
	}
	a, _, err := s.schema()
	if err == nil && a.field(s.KeyField) == nil {
		values.AddError(keyField, "The schema does not contain the field provided in 'schema.keyfield'")
	}
}
