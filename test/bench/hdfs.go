package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"sluice/connectors/hdfs/dfs"
	"sluice/test/services"
)

// hdfsFiles is how many files the records of a run make.
const hdfsFiles = 20

// hdfsScenarios are rows without a column for Java: the original's jars are in no
// registry that a build may fetch from.
func hdfsScenarios() []scenario {
	kind := func(id, title, class string) scenario {
		return scenario{
			id: id, title: title, ours: true,
			props:     map[string]string{"value.converter": jsonConverter, "value.converter.schemas.enable": "true"},
			connector: map[string]string{"format.class": class},
			measure:   measureHDFS,
		}
	}
	return []scenario{
		kind("hdfs-avro", "Kafka -> HDFS, 200 B, JSON with schemas to Avro; the Java original cannot be had", "io.confluent.connect.hdfs.avro.AvroFormat"),
		kind("hdfs-parquet", "Kafka -> HDFS, 200 B, JSON with schemas to Parquet, snappy; the Java original cannot be had", "io.confluent.connect.hdfs.parquet.ParquetFormat"),
	}
}

// measureHDFS writes rows to files of which the names say how many they hold.
func measureHDFS(ctx context.Context, b *bench, k kind, s scenario) (sample, error) {
	url, err := b.services.run(ctx, func(t services.T) string { return services.HDFS(t) })
	if err != nil {
		return sample{}, err
	}
	options, err := dfs.Resolve(url, "")
	if err != nil {
		return sample{}, err
	}
	files, err := dfs.Dial(options)
	if err != nil {
		return sample{}, err
	}
	defer func() { _ = files.Close() }() // it was only asked
	n := b.records / jdbcShare / hdfsFiles * hdfsFiles
	topic, err := b.rows(ctx, b.records/jdbcShare, b.records/jdbcShare)
	if err != nil {
		return sample{}, err
	}
	dir, err := b.dir()
	if err != nil {
		return sample{}, err
	}
	name := b.topic()
	connector := map[string]string{
		"name": name, "tasks.max": "1", "topics": topic, "connector.class": "io.confluent.connect.hdfs.HdfsSinkConnector",
		"store.url": url, "topics.dir": name, "logs.dir": name + "-logs",
		"flush.size": strconv.FormatInt(n/hdfsFiles, 10), "format.class": s.connector["format.class"],
	}
	props := b.props(s)
	props["consumer.auto.offset.reset"] = "earliest"
	w, err := k.start(ctx, dir, b.nextPort(ctx), props, connector)
	if err != nil {
		return sample{}, err
	}
	defer w.stop()
	return watch(ctx, w, n, func() (int64, error) { return written(files, path.Join("/", name, topic, "partition=0")) })
}

// written is the number of records in the files of a folder.
func written(files dfs.FileSystem, dir string) (int64, error) {
	infos, err := files.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	sum := int64(0)
	for _, i := range infos {
		parts := strings.FieldsFunc(i.Name, func(r rune) bool { return r == '+' || r == '.' })
		if len(parts) < 4 {
			return 0, fmt.Errorf("%s is no file of the sink", i.Name)
		}
		first, firstErr := strconv.ParseInt(parts[len(parts)-3], 10, 64)
		last, lastErr := strconv.ParseInt(parts[len(parts)-2], 10, 64)
		if err := errors.Join(firstErr, lastErr); err != nil {
			return 0, err
		}
		sum += last - first + 1
	}
	return sum, nil
}
