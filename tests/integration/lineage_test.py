"""Goal: the OpenLineage events that weir writes are valid, facets too, and tell what the stages did.

Method: the golden events, which src/lineage/lineage_test.cpp compares byte for byte, and those of a real
run, against OpenLineage's own schemas (found by WEIR_SHARED_DATA) and through the types of the official
client.
"""

import json
import os
import pathlib
import re

import pytest

from chain import Chain, simulate
from postgres import PostgresServer

jsonschema = pytest.importorskip("jsonschema")
referencing = pytest.importorskip("referencing")

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "lineage" / "events.ndjson"
KNOWN_FACETS = {
    "schema", "tags", "columnLineage", "inputStatistics", "outputStatistics",
    "dataQualityAssertions", "processing_engine", "parent", "errorMessage", "jobType",
}


def events():
    return [json.loads(line) for line in GOLDEN.read_text().splitlines()]


@pytest.fixture(scope="module")
def real_events(tmp_path_factory):
    """Returns the events of `weir run --until-current` with models, of `weir load` after a change, and of
    a `weir capture` whose source is away."""
    with PostgresServer.start() as server:
        setting = ("--seed", 3, "--scale", 500)
        simulate(server, *setting, "--load")
        chain = Chain.make(server, tmp_path_factory.mktemp("lineage"),
                           more="models: {project: claims}\ntags: {claims.member.ssn: [phi.ssn]}\n")
        chain.weir("run", "--until-current")
        simulate(server, *setting, "--run", 50)
        for stage in ("capture", "refine", "load"):
            chain.weir(stage)
    chain.weir("capture", expect=3)
    lines = (chain.store / "lineage" / "events.ndjson").read_text().splitlines()
    return [json.loads(line) for line in lines]


def runs_of(events, job):
    """Returns the (START, end) pairs of a job."""
    runs = {}
    for event in events:
        if event["job"]["name"] == job:
            runs.setdefault(event["run"]["runId"], []).append(event)
    return list(runs.values())


def facets_of(event):
    """Yields (key, facet) of the run, the job and every dataset."""
    holders = [event["run"]["facets"], event["job"]["facets"]]
    for dataset in event["inputs"] + event["outputs"]:
        holders += [dataset["facets"], dataset.get("inputFacets", {}), dataset.get("outputFacets", {})]
    for holder in holders:
        yield from holder.items()


@pytest.fixture(scope="module")
def validator():
    """Returns a function that validates a value against a schema by URL, formats asserted."""
    data = os.environ.get("WEIR_SHARED_DATA")
    if not data:
        pytest.skip("WEIR_SHARED_DATA is not set: no OpenLineage schemas")
    registry = referencing.Registry()
    for file in (pathlib.Path(data) / "openlineage" / "spec").rglob("*.json"):
        schema = json.loads(file.read_text())
        if isinstance(schema, dict) and "$id" in schema:
            registry = registry.with_resource(schema["$id"], referencing.Resource.from_contents(schema))
    formats = jsonschema.Draft202012Validator.FORMAT_CHECKER

    def uri(value):
        return not isinstance(value, str) or bool(re.match(r"^[a-z][a-z0-9+.-]*://\S+$", value))

    formats.checks("uri")(uri)
    formats.checks("date-time")(
        lambda value: not isinstance(value, str)
        or bool(re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$", value)))

    def validate(value, url):
        jsonschema.Draft202012Validator({"$ref": url}, registry=registry, format_checker=formats).validate(value)

    return validate


def test_every_event_is_valid(validator, real_events):
    for event in events() + real_events:
        validator(event, event["schemaURL"])


def test_every_facet_is_valid_by_its_own_schema(validator, real_events):
    seen = set()
    for event in events() + real_events:
        for key, facet in facets_of(event):
            validator({key: facet}, facet["_schemaURL"].split("#")[0])
            validator(facet, facet["_schemaURL"])
            seen.add(key)
    assert seen == KNOWN_FACETS


def test_each_stage_of_a_real_run_tells_what_it_read_and_wrote(real_events):
    for job in ("capture", "refine", "load", "model", "quality"):
        for start, end in runs_of(real_events, job):
            assert (start["eventType"], end["eventType"]) in (("START", "COMPLETE"), ("START", "FAIL"))
            assert start["eventTime"] <= end["eventTime"]
    first = {job: runs_of(real_events, job)[0][1] for job in ("capture", "refine", "load", "model", "quality")}
    rows = {}
    for job, zone in (("capture", "landing"), ("refine", "processing"), ("load", "claims_history")):
        written = {dataset["name"].rsplit("/", 1)[-1]: dataset["outputFacets"]["outputStatistics"]["rowCount"]
                   for dataset in first[job]["outputs"]}
        assert len(written) >= 8 and all(zone in dataset["name"] for dataset in first[job]["outputs"]), job
        rows[job] = sorted(written.values())
    assert rows["capture"] == rows["refine"] == rows["load"]
    assert first["capture"]["inputs"][0]["namespace"].startswith("postgres://127.0.0.1:")
    assert "gold.fact_claim_line" in {dataset["name"].split("/")[-1] for dataset in first["model"]["outputs"]}
    checks = [check for dataset in first["quality"]["inputs"]
              for check in dataset["inputFacets"]["dataQualityAssertions"]["assertions"]]
    assert len(checks) == 11 and all(check["success"] for check in checks)


def test_tags_of_the_configuration_are_in_the_lineage(real_events):
    end = runs_of(real_events, "capture")[0][1]
    tagged = {(dataset["name"], tag["field"], tag["key"])
              for dataset in end["outputs"] for tag in dataset["facets"]["tags"]["tags"]}
    assert any(name.endswith("claims.member") and (field, key) == ("ssn", "phi.ssn") for name, field, key in tagged)


def test_a_stage_that_cannot_work_fails_its_run(real_events):
    start, end = runs_of(real_events, "capture")[-1]
    assert (start["eventType"], end["eventType"]) == ("START", "FAIL")
    assert end["run"]["facets"]["errorMessage"]["message"].startswith("unavailable: ")


def test_a_broken_event_and_a_broken_facet_are_found(validator):
    event = events()[1]
    facet = event["outputs"][0]["facets"]["columnLineage"]
    facet["fields"]["ssn"] = {}
    with pytest.raises(jsonschema.ValidationError):
        validator(facet, facet["_schemaURL"])
    event["run"]["runId"] = "7"
    with pytest.raises(jsonschema.ValidationError):
        validator(event, event["schemaURL"])


def test_runs_are_paired_and_time_ordered_ids():
    runs = {}
    for event in events():
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                            event["run"]["runId"])
        runs.setdefault(event["run"]["runId"], []).append(event["eventType"])
    assert list(runs.values()) == [["START", "COMPLETE"], ["START", "FAIL"], ["START", "COMPLETE"]]


def test_the_official_client_takes_them(real_events):
    event_v2 = pytest.importorskip("openlineage.client.event_v2")
    serde = pytest.importorskip("openlineage.client.serde")
    for event in events() + real_events:
        taken = event_v2.RunEvent(
            eventType=event_v2.RunState[event["eventType"]],
            eventTime=event["eventTime"],
            run=event_v2.Run(runId=event["run"]["runId"]),
            job=event_v2.Job(namespace=event["job"]["namespace"], name=event["job"]["name"]),
            producer=event["producer"],
            inputs=[event_v2.InputDataset(d["namespace"], d["name"]) for d in event["inputs"]],
            outputs=[event_v2.OutputDataset(d["namespace"], d["name"]) for d in event["outputs"]],
        )
        written = json.loads(serde.Serde.to_json(taken))
        assert written["schemaURL"] == event["schemaURL"]
        assert written["run"]["runId"] == event["run"]["runId"]


def test_the_official_client_knows_the_facets():
    modules = {
        "schema": ("schema_dataset", "SchemaDatasetFacet"),
        "tags": ("tags_dataset", "TagsDatasetFacet"),
        "columnLineage": ("column_lineage_dataset", "ColumnLineageDatasetFacet"),
        "inputStatistics": ("input_statistics_input_dataset", "InputStatisticsInputDatasetFacet"),
        "outputStatistics": ("output_statistics_output_dataset", "OutputStatisticsOutputDatasetFacet"),
        "dataQualityAssertions": ("data_quality_assertions_dataset", "DataQualityAssertionsDatasetFacet"),
        "processing_engine": ("processing_engine_run", "ProcessingEngineRunFacet"),
        "parent": ("parent_run", "ParentRunFacet"),
        "errorMessage": ("error_message_run", "ErrorMessageRunFacet"),
        "jobType": ("job_type_job", "JobTypeJobFacet"),
    }
    client = pytest.importorskip("openlineage.client.generated.base")
    assert client is not None
    import importlib

    for event in events():
        for key, facet in facets_of(event):
            module, name = modules[key]
            kind = getattr(importlib.import_module(f"openlineage.client.generated.{module}"), name)
            kind(producer=facet["_producer"], **{k: v for k, v in facet.items() if not k.startswith("_")})
