package avro

// Type is an Avro type, for formats that write Avro data in another form. The same
// *Type stands wherever a name refers to it, so that types may be recursive.
type Type struct {
	// Kind is the name of the type in schemas: "int", "record", "union".
	Kind string
	// Name is the full name of a record, enum or fixed.
	Name string
	// Fields are those of a record.
	Fields []TypeField
	// Items is the type of the items of an array or the values of a map.
	Items *Type
	// Branches are those of a union.
	Branches []*Type
	// Symbols are those of an enum.
	Symbols []string
	// Size is the number of bytes of a fixed.
	Size int
	// Logical is the logicalType; Precision and Scale are those of a decimal.
	Logical          string
	Precision, Scale int
}

// TypeField is a field of a record.
type TypeField struct {
	Name string
	Type *Type
}

// Type returns the Avro type of the values that are written.
func (w *DataWriter) Type() *Type { return exported(w.typ, map[*avroType]*Type{}) }

func exported(t *avroType, made map[*avroType]*Type) *Type {
	if t == nil {
		return nil
	}
	if known, ok := made[t]; ok {
		return known
	}
	e := &Type{
		Kind: t.kind.String(), Symbols: t.symbols, Size: t.size, Logical: t.textProp("logicalType"),
		Precision: t.intProp("precision"), Scale: t.intProp("scale"),
	}
	made[t] = e
	if t.kind.named() {
		e.Name = t.fullName()
	}
	for i := range t.fields {
		e.Fields = append(e.Fields, TypeField{t.fields[i].name, exported(t.fields[i].typ, made)})
	}
	for _, b := range t.branches {
		e.Branches = append(e.Branches, exported(b, made))
	}
	e.Items = exported(t.elem, made)
	return e
}

// intProp is a property that is a number; 0 where there is none.
func (t *avroType) intProp(name string) int {
	if p := t.prop(name); p != nil {
		n, _ := p.Int()
		return n
	}
	return 0
}
