package transforms

import (
	"math"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
	"sluice/transforms/javadate"
)

const timestampPurpose = "converting timestamp formats"

// TimestampConverter changes how a point in time is written: as text, as a Unix
// time, or as one of the logical types.
func TimestampConverter() []plugin.Transform {
	return keyAndValue("TimestampConverter", timestampConverterDef(), func(s side) connect.Transform { return &timestampConverter{side: s} })
}

// timestampForm is how a point in time is written, as target.type spells it.
type timestampForm string

const (
	formString    timestampForm = "string"
	formUnix      timestampForm = "unix"
	formDate      timestampForm = "Date"
	formTime      timestampForm = "Time"
	formTimestamp timestampForm = "Timestamp"
)

func timestampConverterDef() config.Def {
	return config.Def{
		{
			Name: "field", Type: config.String, Default: "", Importance: config.High,
			Doc: "The field that holds the time; empty where the whole key or value is the time.",
		},
		{
			Name: "target.type", Type: config.String, Required: true, Importance: config.High,
			Validator: config.OneOf{string(formString), string(formUnix), string(formDate), string(formTime), string(formTimestamp)},
			Doc:       "What the time becomes: string, unix, Date, Time or Timestamp.",
		},
		{
			Name: "format", Type: config.String, Default: "", Importance: config.Medium,
			Doc: "The pattern, as of SimpleDateFormat in Java, by which text is written or read, in UTC.",
		},
		{
			Name: "unix.precision", Type: config.String, Default: "milliseconds", Importance: config.Low,
			Validator: config.OneOf{"nanoseconds", "microseconds", "milliseconds", "seconds"},
			Doc:       "The unit of Unix times that are written or read. What is finer than a millisecond is lost.",
		},
		replaceNullKey(),
	}
}

type timestampConverter struct {
	closer
	side   side
	field  string
	target timestampForm
	format *javadate.Format
	unix   unixPrecision
	nulls  replaceNull
	keys   hashMap
	known  schemaCache[*timestampPlan]
	text   []byte
}

// timestampPlan is the new schema. Of a struct, field is the one that changes,
// or -1; else form is how the whole value is written now.
type timestampPlan struct {
	to    *schema.Schema
	field int
	form  timestampForm
}

func (t *timestampConverter) Configure(cfg config.Map) error {
	s, err := config.Decode[struct {
		Field     string `config:"field"`
		Target    string `config:"target.type"`
		Format    string `config:"format"`
		Precision string `config:"unix.precision"`
		Replace   bool   `config:"replace.null.with.default"`
	}](timestampConverterDef(), cfg)
	if err != nil {
		return err
	}
	t.field, t.target, t.unix, t.nulls = s.Field, timestampForm(s.Target), unixPrecision(s.Precision), replaceNull(s.Replace)
	if config.Trim(s.Format) == "" {
		if t.target == formString {
			return config.Errorf("TimestampConverter requires format option to be specified when using string timestamps")
		}
		return nil
	}
	if t.format, err = javadate.New(s.Format); err != nil {
		// Java takes the sentence for the name of a key and the cause for its value.
		return config.Errorf("Invalid value java.lang.IllegalArgumentException: %s for configuration TimestampConverter requires a "+
			"SimpleDateFormat-compatible pattern for string timestamps: %s", err.Error(), s.Format)
	}
	return nil
}

func (t *timestampConverter) Apply(r *connect.Record, arena *schema.Arena) (bool, error) {
	d := t.side.of(r)
	if d.Schema == nil {
		return true, t.applySchemaless(d, arena)
	}
	if t.field == "" {
		return true, t.applyWhole(d, arena)
	}
	from, err := requireStructOrNull(d.Value, timestampPurpose)
	if err != nil {
		return false, err
	}
	p, ok := t.known.get(d.Schema)
	if !ok {
		if p, err = t.plan(d.Schema); err != nil {
			return false, err
		}
		t.known.put(d.Schema, p)
	}
	if from == nil {
		d.Schema = p.to
		return true, nil
	}
	if err := sameSchema(from, d.Schema); err != nil {
		return false, err
	}
	st := arena.Struct(p.to)
	if err := t.fill(st, from, p.field, arena); err != nil {
		return false, err
	}
	d.Schema, d.Value = p.to, schema.StructValue(st)
	return true, nil
}

func (t *timestampConverter) applyWhole(d *connect.Data, arena *schema.Arena) error {
	p, ok := t.known.get(d.Schema)
	if !ok {
		form, err := formOfSchema(d.Schema)
		if err != nil {
			return err
		}
		p = &timestampPlan{to: formSchema(t.target, d.Schema.Optional), form: form}
		t.known.put(d.Schema, p)
	}
	v, err := t.convert(d.Value, p.form, arena)
	if err == nil {
		d.Schema, d.Value = p.to, v
	}
	return err
}

// fill copies a struct, with the field converted.
func (t *timestampConverter) fill(to, from *schema.Struct, field int, arena *schema.Arena) error {
	for i := range from.Values {
		v := t.nulls.at(from, i)
		if i == field {
			form, err := formOfSchema(from.Schema.Fields[i].Schema)
			if err == nil {
				v, err = t.convert(v, form, arena)
			}
			if err != nil {
				return err
			}
		}
		if err := put(to, i, v); err != nil {
			return err
		}
	}
	return nil
}

func (t *timestampConverter) plan(s *schema.Schema) (*timestampPlan, error) {
	fields, err := fieldsOf(s)
	if err != nil {
		return nil, err
	}
	b := copyBasics(s, schema.StructType)
	p := &timestampPlan{to: b.schema, field: -1}
	for i, f := range fields {
		fs := f.Schema
		if f.Name == t.field {
			p.field, fs = i, formSchema(t.target, fs.Optional)
		}
		if err := b.field(f.Name, fs); err != nil {
			return nil, err
		}
	}
	b.schema.Optional = s.Optional
	if s.Default != nil {
		st := schema.NewStruct(b.schema)
		if err := t.fill(st, s.Default.Struct(), p.field, nil); err != nil {
			return nil, err
		}
		if err := b.setDefault(schema.StructValue(st)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (t *timestampConverter) applySchemaless(d *connect.Data, arena *schema.Arena) error {
	if d.Value.IsNull() || t.field == "" {
		v, err := t.infer(d.Value, arena)
		if err == nil {
			d.Value = v
		}
		return err
	}
	entries, err := requireMap(d.Value, timestampPurpose)
	if err != nil {
		return err
	}
	v, err := t.infer(lookup(entries, t.field), arena)
	if err != nil {
		return err
	}
	t.keys.copyOf(entries)
	t.keys.put(t.field, v)
	d.Value = t.keys.value(arena)
	return nil
}

// infer converts a value whose form only its type tells.
func (t *timestampConverter) infer(v schema.Value, arena *schema.Arena) (schema.Value, error) {
	switch v.Kind() {
	case schema.KindNull:
		return v, nil
	case schema.KindInstant:
		return t.convert(v, formTimestamp, arena)
	case schema.KindInt64:
		return t.convert(v, formUnix, arena)
	case schema.KindString:
		return t.convert(v, formString, arena)
	default:
		return v, connect.DataErrorf("TimestampConverter does not support class %s objects as timestamps", class(v))
	}
}

// formOfSchema says how values of the schema write times.
func formOfSchema(s *schema.Schema) (timestampForm, error) {
	switch {
	case s.Is(schema.TimestampName):
		return formTimestamp, nil
	case s.Is(schema.DateName):
		return formDate, nil
	case s.Is(schema.TimeName):
		return formTime, nil
	case s.Type == schema.String:
		return formString, nil
	case s.Type == schema.Int64:
		return formUnix, nil
	}
	return "", connect.Errorf("Schema %s does not correspond to a known timestamp type format", describe(s))
}

// formSchema returns the schema of the form.
func formSchema(form timestampForm, optional bool) *schema.Schema {
	var s *schema.Schema
	switch form {
	case formString:
		s = schema.Of(schema.String)
	case formUnix:
		s = schema.Of(schema.Int64)
	case formDate:
		s = schema.Date()
	case formTime:
		s = schema.Time()
	default:
		s = schema.Timestamp()
	}
	s.Optional = optional
	return s
}

// convert brings a value of the form into that of the target.
func (t *timestampConverter) convert(v schema.Value, form timestampForm, arena *schema.Arena) (schema.Value, error) {
	if v.IsNull() {
		return v, nil
	}
	millis, err := t.read(v, form)
	if err != nil {
		return v, err
	}
	switch t.target {
	case formString:
		t.text = t.format.Append(t.text[:0], millis)
		return arena.CopyText(t.text), nil
	case formUnix:
		return schema.Int64Value(t.unix.fromMillis(millis)), nil
	case formDate:
		return schema.InstantValue(millis - floorMod(millis, schema.MillisPerDay)), nil
	case formTime:
		return schema.InstantValue(floorMod(millis, schema.MillisPerDay)), nil
	default:
		return schema.InstantValue(millis), nil
	}
}

// read returns the milliseconds since the epoch.
func (t *timestampConverter) read(v schema.Value, form timestampForm) (int64, error) {
	switch form {
	case formString:
		if v.Kind() != schema.KindString {
			return 0, connect.DataErrorf("Expected string timestamp to be a String, but found class %s", class(v))
		}
		if t.format == nil {
			return 0, connect.ClassErrorf(nullPointer, `Cannot invoke "java.text.SimpleDateFormat.parse(String)" because "config.format" is null`)
		}
		millis, ok := t.format.Parse(v.Text())
		if !ok {
			return 0, &connect.Error{
				Class:   connect.DataException,
				Message: "Could not parse timestamp: value (" + v.Text() + ") does not match pattern (" + t.format.Pattern() + ")",
				Cause:   connect.ClassErrorf(parseFailure, "Unparseable date: \"%s\"", v.Text()),
			}
		}
		return millis, nil
	case formUnix:
		if v.Kind() != schema.KindInt64 {
			return 0, connect.DataErrorf("Expected Unix timestamp to be a Long, but found class %s", class(v))
		}
		return t.unix.toMillis(v.Int()), nil
	default:
		if v.Kind() != schema.KindInstant {
			return 0, connect.DataErrorf("Expected %s to be a java.util.Date, but found class %s", form, class(v))
		}
		return v.Int(), nil
	}
}

func floorMod(a, b int64) int64 { return (a%b + b) % b }

// unixPrecision is the unit of Unix times. Conversions cut towards zero and stop
// at the ends of int64, as java.util.concurrent.TimeUnit.
type unixPrecision string

func (p unixPrecision) toMillis(n int64) int64 {
	switch p {
	case "seconds":
		return saturated(n, 1000)
	case "microseconds":
		return n / 1000
	case "nanoseconds":
		return n / 1_000_000
	default:
		return n
	}
}

func (p unixPrecision) fromMillis(n int64) int64 {
	switch p {
	case "seconds":
		return n / 1000
	case "microseconds":
		return saturated(n, 1000)
	case "nanoseconds":
		return saturated(n, 1_000_000)
	default:
		return n
	}
}

func saturated(n, factor int64) int64 {
	switch {
	case n > math.MaxInt64/factor:
		return math.MaxInt64
	case n < math.MinInt64/factor:
		return math.MinInt64
	}
	return n * factor
}
