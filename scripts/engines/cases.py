"""
Runs the statements of `stepclock sql` in Spark and in ClickHouse (chdb), as they are and with one thing wrong, and prints what came of each as a line of JSON.

python cases.py FOLDER: statements (spark.sql, clickhouse.sql), the job (job.py), rows (rows/*.parquet) and programs (bin/) stand there.
"""

import json
import os
import pathlib
import sys
import time

folder = pathlib.Path(sys.argv[1])
os.environ["PATH"] = f"{folder / 'bin'}:{os.environ['PATH']}"


def told(case, run):
    started = time.monotonic()
    try:
        outcome = {"lines": run()}
    except (Exception, SystemExit) as error:
        outcome = {"error": str(error)}
    print(json.dumps({"case": case, "seconds": time.monotonic() - started, **outcome}), flush=True)


def spark_cases():
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[2, 2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    spark.read.parquet(str(folder / "rows")).createOrReplaceTempView("requests")
    lines, counts = [part.strip() for part in (folder / "spark.sql").read_text().split(";") if part.strip()]
    job = (folder / "job.py").read_text()

    def rows(statement):
        return [row[0] for row in spark.sql(statement).collect()]

    def run_job(program, table):
        sys.argv = ["job.py", table]
        exec(compile(job.replace("'stepclock map'", f"'{program}'"), "job.py", "exec"), {})
        return [row[0] for row in spark.table(table).select("line").collect()]

    clause = "  ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' NULL DEFINED AS '\\\\N'\n"
    distribute = "DISTRIBUTE BY engine SORT BY engine, coalesce(queued, scheduled), request"
    hint = "/*+ REPARTITION(4, engine) */ "
    for needed in (clause, distribute, hint):
        assert needed in lines, needed
    told("spark counts", lambda: rows(counts))
    told("spark job", lambda: run_job("stepclock map", "fleet"))
    told("spark killed once", lambda: rows(lines.replace("'stepclock map'", "'killed-once'")))
    told("spark ends early", lambda: run_job("ends-early", "early"))
    told("spark default separator", lambda: rows(lines.replace(clause, "")))
    told("spark no distribution", lambda: run_job_of(lines.replace(distribute, "SORT BY engine, coalesce(queued, scheduled), request").replace(hint, ""), job, lines))
    told("spark no order", lambda: rows(lines.replace(distribute, "DISTRIBUTE BY engine")))
    spark.read.csv(str(folder / "steps.csv"), header=True, inferSchema=True).createOrReplaceTempView("steps")
    told("spark windows", lambda: spark.sql(windows("spark")).toJSON().collect())
    spark.stop()


def windows(dialect):
    return (folder / f"{dialect}-windows.sql").read_text().strip().rstrip(";")


def run_job_of(statement, job, lines):
    sys.argv = ["job.py", "undistributed"]
    assert lines.split("SELECT", 1)[1] in job
    exec(compile(job.replace(lines.split("SELECT", 1)[1], statement.split("SELECT", 1)[1]), "job.py", "exec"), {})
    return []


def clickhouse_cases():
    from chdb.session import Session

    steps = windows("clickhouse").replace("FROM steps", f"FROM file('{folder}/steps.csv')")
    session = Session(f"{folder / 'clickhouse'}?user_scripts_path={folder / 'bin'}")
    session.query("CREATE DATABASE IF NOT EXISTS logs")
    session.query(f"CREATE VIEW logs.requests AS SELECT * FROM file('{folder}/rows/*.parquet', Parquet)")
    text = (folder / "clickhouse.sql").read_text().replace("FROM requests", "FROM logs.requests")
    lines, counts = [part.strip() for part in text.split(";") if part.strip()]

    def rows(statement):
        return [line for line in str(session.query(statement)).split("\n") if line]

    order = " ORDER BY engine, coalesce(queued, scheduled), request"
    assert order in lines
    told("clickhouse counts", lambda: rows(counts))
    told("clickhouse", lambda: rows(lines))
    # Before the statements that fail: chdb gives what they wrote until then to the next one.
    told("clickhouse windows", lambda: rows(f"{steps} FORMAT JSONEachRow"))
    told("clickhouse no order", lambda: rows(lines.replace(order, " ORDER BY queued")))
    told("clickhouse no start order", lambda: rows(lines.replace(order, " ORDER BY engine, queued DESC")))


clickhouse_cases()
spark_cases()
