package dialect

import (
	"strings"
	"time"
)

// Kind is how the values of a column are read, as java.sql.Types says it to Java.
type Kind uint8

// The kinds. KindNone is a type that has no place in a record.
const (
	KindNone Kind = iota
	KindBoolean
	KindInt8
	KindInt16
	KindInt32
	KindInt64
	KindFloat32
	KindFloat64
	KindNumeric // decimal, subject to numeric.mapping
	KindDecimal // decimal, always
	KindString
	KindBytes
	KindDate
	KindTime       // of the day, in the database's zone
	KindTimeZone   // of the day, with a zone
	KindTimestamp  // in the database's zone
	KindInstant    // a point in time, with a zone
	KindMoney      // PostgreSQL's money, which Java reads as a double
	KindBits       // a byte of bits, which Java reads as a number
	KindBitFlag    // a bit that comes as a byte 0 or 1, read as an int8
	KindYear       // a year, read as a date
	KindEpochDate  // a date in milliseconds or text
	KindEpochStamp // a timestamp in milliseconds or text
	KindGUID       // SQL Server's 16 bytes, read as text
)

func (postgres) Kind(name string, size int) Kind {
	switch name {
	case "bool":
		return KindBoolean
	case "int2", "smallserial":
		return KindInt16
	case "int4", "serial":
		return KindInt32
	case "int8", "bigserial", "oid":
		return KindInt64
	case "float4":
		return KindFloat32
	case "float8":
		return KindFloat64
	case "numeric":
		return KindNumeric
	case "money":
		return KindMoney
	case "bpchar", "varchar", "text", "name", "xml", "uuid", "json", "jsonb", "char", "citext", "enum":
		return KindString
	case "bytea":
		return KindBytes
	case "date":
		return KindDate
	case "time":
		return KindTime
	case "timetz":
		return KindTimeZone
	case "timestamp":
		return KindTimestamp
	case "timestamptz":
		return KindInstant
	case "bit":
		switch {
		case size <= 1:
			return KindBoolean
		case size <= 8:
			return KindBits
		}
		return KindBytes
	}
	return KindNone
}

func (mySQL) Kind(name string, size int) Kind {
	switch name {
	case "tinyint", "bool", "boolean":
		return KindInt8
	case "tinyint unsigned", "unsigned tinyint", "smallint":
		return KindInt16
	case "smallint unsigned", "unsigned smallint", "mediumint", "mediumint unsigned", "unsigned mediumint", "int":
		return KindInt32
	case "int unsigned", "unsigned int", "bigint", "bigint unsigned", "unsigned bigint":
		return KindInt64
	case "float", "unsigned float", "float unsigned":
		return KindFloat32
	case "double", "unsigned double", "double unsigned":
		return KindFloat64
	case "decimal", "unsigned decimal", "decimal unsigned":
		return KindDecimal
	case "bit":
		if size == 1 {
			return KindBitFlag
		}
		return KindBytes
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "json", "uuid", "inet6", "inet4":
		return KindString
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "geometry":
		return KindBytes
	case "date":
		return KindDate
	case "time":
		return KindTime
	case "datetime", "timestamp":
		return KindTimestamp
	case "year":
		return KindYear
	}
	return KindNone
}

// Kind follows the SQLite driver of Java: what a declared type is called counts,
// and for other names what SQLite would store in it.
func (sqlite) Kind(name string, _ int) Kind {
	switch name {
	case "boolean":
		return KindBoolean
	case "integer":
		return KindInt32
	case "tinyint":
		return KindInt16
	case "smallint", "int2":
		return KindInt32
	case "int", "mediumint", "bigint", "int8", "unsigned big int", "time":
		return KindInt64
	case "real":
		return KindFloat32
	case "float", "double", "double precision":
		return KindFloat64
	case "numeric":
		return KindNumeric
	case "decimal":
		return KindDecimal
	case "date":
		return KindEpochDate
	case "timestamp", "datetime":
		return KindEpochStamp
	}
	switch {
	case strings.Contains(name, "int"):
		return KindInt64
	case strings.Contains(name, "char"), strings.Contains(name, "clob"), strings.Contains(name, "text"), strings.Contains(name, "json"):
		return KindString
	case name == "", strings.Contains(name, "blob"), strings.Contains(name, "binary"):
		return KindBytes
	case strings.Contains(name, "real"), strings.Contains(name, "floa"), strings.Contains(name, "doubt"):
		return KindFloat64
	}
	return KindString
}

func (sqlServer) Kind(name string, _ int) Kind {
	switch name {
	case "bit":
		return KindInt8
	case "tinyint", "smallint":
		return KindInt16
	case "int":
		return KindInt32
	case "bigint":
		return KindInt64
	case "real":
		return KindFloat32
	case "float":
		return KindFloat64
	case "numeric":
		return KindNumeric
	case "decimal", "money", "smallmoney":
		return KindDecimal
	case "char", "varchar", "text", "nchar", "nvarchar", "ntext", "xml":
		return KindString
	case "uniqueidentifier":
		return KindGUID
	case "binary", "varbinary", "image", "timestamp", "rowversion":
		return KindBytes
	case "date":
		return KindDate
	case "time":
		return KindTime
	case "datetime", "datetime2", "smalldatetime":
		return KindTimestamp
	}
	return KindNone // datetimeoffset has no type of JDBC's
}

func (oracle) Kind(name string, _ int) Kind {
	switch {
	case name == "number", name == "float":
		return KindNumeric
	case name == "binary_float", name == "ibfloat":
		return KindFloat32
	case name == "binary_double", name == "ibdouble":
		return KindFloat64
	case name == "date":
		return KindTimestamp
	case strings.HasPrefix(name, "timestamp") && strings.Contains(name, "time zone"), strings.HasPrefix(name, "timestamptz"):
		return KindInstant
	case strings.HasPrefix(name, "timestamp"):
		return KindTimestamp
	case name == "char", name == "nchar", strings.Contains(name, "varchar"), name == "clob", name == "nclob", name == "long", strings.HasSuffix(name, "clob"):
		return KindString
	case name == "raw", name == "blob", name == "long raw", strings.HasSuffix(name, "blob"):
		return KindBytes
	}
	return KindNone
}

// civil is a time as text in the zone, without it, to the microsecond.
func civil(t time.Time, loc *time.Location) string {
	return t.In(loc).Format("2006-01-02 15:04:05.000000")
}

// TimeArg is text with the zone: a column without one takes the time, a column
// with one the point in time.
func (postgres) TimeArg(t time.Time, loc *time.Location) any {
	return t.In(loc).Format("2006-01-02 15:04:05.000000-07:00")
}

func (mySQL) TimeArg(t time.Time, loc *time.Location) any { return civil(t, loc) }

// TimeArg is milliseconds, as the SQLite driver of Java stores times.
func (sqlite) TimeArg(t time.Time, _ *time.Location) any { return t.UnixMilli() }

func (sqlServer) TimeArg(t time.Time, loc *time.Location) any { return civil(t, loc) }

func (oracle) TimeArg(t time.Time, loc *time.Location) any { return t.In(loc) }
