"""Goal: the OpenLineage events that weir writes are valid, facets too. Method: the golden events,
which src/lineage/lineage_test.cpp compares byte for byte, against OpenLineage's own schemas (found by
WEIR_SHARED_DATA) and through the types of the official client."""

import json
import os
import pathlib
import re

import pytest

jsonschema = pytest.importorskip("jsonschema")
referencing = pytest.importorskip("referencing")

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "lineage" / "events.ndjson"
KNOWN_FACETS = {
    "schema", "tags", "columnLineage", "inputStatistics", "outputStatistics",
    "dataQualityAssertions", "processing_engine", "parent", "errorMessage", "jobType",
}


def events():
    return [json.loads(line) for line in GOLDEN.read_text().splitlines()]


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


def test_every_event_is_valid(validator):
    for event in events():
        validator(event, event["schemaURL"])


def test_every_facet_is_valid_by_its_own_schema(validator):
    seen = set()
    for event in events():
        for key, facet in facets_of(event):
            validator({key: facet}, facet["_schemaURL"].split("#")[0])
            validator(facet, facet["_schemaURL"])
            seen.add(key)
    assert seen == KNOWN_FACETS


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


def test_the_official_client_takes_them():
    event_v2 = pytest.importorskip("openlineage.client.event_v2")
    serde = pytest.importorskip("openlineage.client.serde")
    for event in events():
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
