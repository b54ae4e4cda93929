package sink

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"sluice/connect/schema"
)

// columnType is the type of the column that holds the field.
func (b builder) columnType(f field) (string, error) {
	s := f.schema
	switch {
	case f.timestamp:
		s = schema.Timestamp()
	case b.aiven && b.dialect.Name() == dialectMySQL && s.Type == schema.String:
		return "VARCHAR(256)", nil
	}
	return b.dialect.SQLType(s, f.key)
}

// literal writes the field's default as SQL.
func (b builder) literal(f field, v values) (string, error) {
	d := *f.schema.Default
	switch d.Kind() {
	case schema.KindNull:
		return "NULL", nil
	case schema.KindBoolean:
		return b.booleanLiteral(d.Boolean()), nil
	case schema.KindBytes:
		digits := hex.EncodeToString(d.Bytes())
		switch b.dialect.Name() {
		case dialectPostgres:
			return `'\x` + digits + "'", nil
		case dialectSQLServer:
			return "0x" + digits, nil
		case dialectOracle:
			return "HEXTORAW('" + digits + "')", nil
		}
		return "x'" + digits + "'", nil
	case schema.KindMap, schema.KindStruct:
		return "", fmt.Errorf("Unsupported type for column value: %s", strings.ToUpper(f.schema.Type.String())) //nolint:staticcheck // Java's text.
	case schema.KindList:
		if b.dialect.Name() != dialectPostgres {
			return "", fmt.Errorf("Unsupported type for column value: %s", strings.ToUpper(f.schema.Type.String())) //nolint:staticcheck // Java's text.
		}
	case schema.KindInstant:
		if b.dialect.Name() == dialectSQLite {
			return strconv.FormatInt(d.Int(), 10), nil
		}
	}
	text, err := v.appendText(nil, f, d)
	if err != nil {
		return "", err
	}
	switch d.Kind() {
	case schema.KindInstant:
		if b.dialect.Name() == dialectOracle {
			return oracleInstant(f.schema.Name, string(text)), nil
		}
		return "'" + string(text) + "'", nil
	case schema.KindString, schema.KindList:
		return "'" + strings.ReplaceAll(string(text), "'", "''") + "'", nil
	}
	return string(text), nil
}

func (b builder) booleanLiteral(on bool) string {
	words := [2]string{"0", "1"}
	if b.dialect.Name() == dialectPostgres {
		words = [2]string{"FALSE", "TRUE"}
	}
	if on {
		return words[1]
	}
	return words[0]
}

// oracleInstant is a literal that does not depend on the session's formats.
func oracleInstant(logical, text string) string {
	switch logical {
	case schema.DateName:
		return "DATE '" + text + "'"
	case schema.TimeName:
		whole, _, _ := strings.Cut(text, ".") // A DATE has no fractions.
		return "TO_DATE('1970-01-01 " + whole + "','YYYY-MM-DD HH24:MI:SS')"
	}
	return "TIMESTAMP '" + text + "'"
}
