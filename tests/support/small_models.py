"""A dbt project of one model and a suite of one expectation, which both object to a plan called 'bad'."""

import json

SCHEMA_NAME = """{% macro generate_schema_name(custom_schema_name, node) -%}
{{ custom_schema_name or target.schema }}
{%- endmacro %}
"""
PROJECT = {
    "name": "small", "version": "0.1.0", "config-version": 2, "profile": "weir", "model-paths": ["models"],
    "macro-paths": ["macros"], "test-paths": ["tests"],
    "models": {"small": {"+schema": "gold", "+materialized": "table"}},
}


def write_project(folder, strict=False):
    """Writes the project, if strict with a test that fails; returns the lines of weir.yaml that name it."""
    files = {"dbt_project.yml": json.dumps(PROJECT), "macros/schema_name.sql": SCHEMA_NAME,
             "models/plans.sql": "select * from claims.plan"}
    if strict:
        files["tests/no_bad_plan.sql"] = "select * from {{ ref('plans') }} where name = 'bad'"
    for name, text in files.items():
        (folder / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "project" / name).write_text(text)
    return f"models: {{project: {folder}/project, every: 100ms}}\n"


def write_suite(folder):
    suite = {"name": "plans", "meta": {"weir": {"table": "claims.plan"}}, "expectations": [
        {"type": "expect_column_values_to_not_be_in_set", "kwargs": {"column": "name", "value_set": ["bad"]}}]}
    (folder / "suite.json").write_text(json.dumps(suite))
    return "quality: {suites: [suite.json]}\n"


BREAK = ("insert into claims.plan select (select max(plan_id) + 1 from claims.plan), 'bad', line_of_business, metal "
         "from claims.plan limit 1")
MEND = "delete from claims.plan where name = 'bad'"
