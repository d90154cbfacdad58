"""Renders conversations with jinja2, set up as transformers sets it up, and writes what comes out.

    python tools/golden/chat_templates.py        # writes crates/chat/tests/golden/templates.json

The templates are our own: the built-in ones, and one for each part of the language that templates of
models lean on. The test in `crates/chat/tests/it/templates.rs` renders the same and compares bytes.
"""

import datetime
import json
import pathlib

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILTIN = ROOT / "crates/chat/src/template/builtin"
OUTPUT = ROOT / "crates/chat/tests/golden/templates.json"
NOW = datetime.datetime(2025, 3, 9, 14, 7, 5)


def environment():
    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols]
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


TOOL = {
    "type": "function",
    "function": {
        "name": "search_restaurants",
        "description": "식당을 찾는다 <b>&'\"",
        "parameters": {
            "type": "object",
            "properties": {
                "zone": {"type": "string", "enum": ["강남", "홍대"]},
                "limit": {"type": "integer", "default": 10, "minimum": 1},
                "radius": {"type": "number", "default": 1.0},
                "open": {"type": "boolean", "default": True},
                "tag": {"type": ["string", "null"], "default": None},
            },
            "required": ["zone"],
        },
    },
}


def call(name, arguments, id=None):
    out = {"type": "function", "function": {"name": name, "arguments": arguments}}
    if id is not None:
        out["id"] = id
    return out


PLAIN = [
    {"role": "user", "content": "배송은 언제 오나요?"},
    {"role": "assistant", "content": "내일 도착합니다."},
]
SYSTEM = [{"role": "system", "content": "  너는 상담원이다.\n"}] + PLAIN
LONG = SYSTEM + [
    {"role": "user", "content": "\n고마워요 🎉\r\n<b>\"끝\"</b>  "},
    {"role": "assistant", "content": "네!"},
    {"role": "user", "content": ""},
]
TOOLS = [
    {"role": "system", "content": "도구를 써라."},
    {"role": "user", "content": "강남 식당"},
    {
        "role": "assistant",
        "content": "찾아볼게요.",
        "tool_calls": [
            call("search_restaurants", {"zone": "강남", "limit": 3, "radius": 1.0, "tag": None}, "c1"),
            call("search_restaurants", {"zone": "a\"b\\c\u0001\u007f\u2028", "open": False, "deep": {"z": [], "a": [1, -2.5e-07, 1e+16]}}),
        ],
    },
    {"role": "tool", "content": "{\"n\": 2}", "tool_call_id": "c1", "name": "search_restaurants"},
    {"role": "tool", "content": "없음"},
    {"role": "assistant", "content": "두 곳입니다."},
    {"role": "user", "content": "주문"},
    {"role": "assistant", "content": "", "tool_calls": [call("order", {})]},
]

# One template for each part of the language that model templates lean on.
OWN = {
    "thoughts": """{%- set ns = namespace(last=-1) -%}
{%- for m in messages[::-1] -%}
{%- if ns.last < 0 and m.role == 'user' -%}{%- set ns.last = messages|length - 1 - loop.index0 -%}{%- endif -%}
{%- endfor -%}
{% for m in messages %}
<|im_start|>{{ m.role }}
{% if m.role == 'assistant' and loop.index0 > ns.last %}
<think>

</think>

{% endif %}
{{ m.content.split('</think>')[-1].lstrip('\\n') }}<|im_end|>
{% endfor %}
{% if add_generation_prompt %}
<|im_start|>assistant
{% if enable_thinking is defined and enable_thinking is false %}
<think>

</think>

{% endif %}
{% endif %}""",
    "dated": """{{- bos_token }}{% set date = strftime_now("%d %b %Y") %}
{%- if messages[0]['role'] == 'system' %}{% set system_message = messages[0]['content'] | trim %}{% set rest = messages[1:] %}
{%- else %}{% set system_message = "" %}{% set rest = messages %}{% endif %}
<|start|>system

Today: {{ date }}{{ "\\n" }}{{ system_message }}<|eot|>
{%- for message in rest %}
    {%- if not (message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start|>' + message['role'] + '\\n\\n' + message['content'] | trim + '<|eot|>' }}
    {%- elif 'tool_calls' in message %}
        {%- for tool_call in message.tool_calls %}
            {%- set tool_call = tool_call.function %}
            {{- '{"name": "' + tool_call.name + '", "parameters": ' }}{{ tool_call.arguments | tojson }}{{ "}" }}
        {%- endfor %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|start|>assistant\\n\\n' }}{%- endif %}""",
    "json_forms": """{% for t in tools or [] %}
{{ t | tojson }}
{{ t | tojson(indent=4) }}
{{ t.function.parameters | tojson(indent=2, sort_keys=true) }}
{{ t | tojson(ensure_ascii=true) }}
{{ t.function.parameters | tojson(separators=(',', ':')) }}
{% endfor %}
{% for m in messages %}{% for c in m.tool_calls or [] %}{{ c | tojson }}
{% endfor %}{% endfor %}""",
    "printing": """{% for t in tools or [] %}{% for key, value in t.function.parameters.properties.items() %}
{{ loop.index }}/{{ loop.length }} {{ key }}: {{ value.type }} = {{ value.default }} {{ value.default is none }} {{ value.default is defined }}
{% endfor %}{% endfor %}
{{ none }} {{ true }} {{ 1.0 }} {{ 1e20 }} {{ 7 // 2 }} {{ 7 / 2 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ [1, 'a', none, true] }} {{ {'k': 'v', 'n': 1.5} }}
{{ messages | length }} {{ messages | map(attribute='role') | join(',') }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }}""",
    "methods": """{% for m in messages %}
{% if m.role == 'tool' %}{% continue %}{% endif %}
{% if loop.index > 5 %}{% break %}{% endif %}
{% set c = m.content %}
[{{ c.strip() }}|{{ c.upper() }}|{{ c.startswith('  ') }}|{{ c.endswith('!') }}|{{ c.replace('요', '다') }}|{{ c.split('\\n') }}|{{ c[:3] }}|{{ c[-2:] }}|{{ c | length }}|{{ m.get('name', 'none') }}|{{ m.role.title() }}|{{ c | replace('<', '&lt;') | trim }}|{{ '도착' in c }}|{{ c.rstrip('!') }}|{{ m.role.capitalize() }}]
{% endfor %}""",
    "macros": """{% macro turn(m, end='<end>') %}
{{ m.role }}: {{ m.content | trim }}{{ end }}
{%- endmacro %}
{% for m in messages %}
{{ turn(m) if not loop.last else turn(m, end='<last>') }}
{%- if not loop.last and messages[loop.index0 + 1].role == m.role %} (same){% endif %}

{% else %}
nobody
{% endfor %}
{% if messages | length % 2 == 0 and (messages[-1].role in ['assistant', 'tool']) %}even{% elif messages is not string and messages is iterable %}odd{% endif %}
{%- set x = namespace(n=0, names=[]) %}
{%- for m in messages if m.role != 'system' %}{% set x.n = x.n + loop.index %}{% set x.names = x.names + [m.role] %}{% endfor %}
 n={{ x.n }} {{ x.names | unique | join('/') }} {{ "%s-%d" | format("a", 3) }} {{ (x.names | first) ~ 1 ~ none }}""",
}

REFUSING = "{% if messages[0].role != 'user' %}{{ raise_exception('Conversations begin with user, not ' + messages[0].role) }}{% endif %}"


def cases():
    env = environment()
    builtin = {p.stem: p.read_text(encoding="utf-8") for p in sorted(BUILTIN.glob("*.jinja"))}
    for name, source in {**builtin, **OWN, "refusing": REFUSING}.items():
        template = env.from_string(source)
        for chat, messages, tools in [
            ("plain", PLAIN, None),
            ("system", SYSTEM, None),
            ("long", LONG, None),
            ("tools", TOOLS, [TOOL, TOOL]),
            ("asked", TOOLS[:-3], [TOOL]),
        ]:
            for ask in (False, True):
                variables = {"bos_token": "<s>", "eos_token": "</s>"}
                if ask:
                    variables["enable_thinking"] = False
                case = {"template": name, "chat": chat, "ask": ask, "variables": variables}
                try:
                    case["text"] = template.render(
                        messages=messages, tools=tools, documents=None, add_generation_prompt=ask, **variables
                    )
                except jinja2.exceptions.TemplateError as error:
                    case["refused"] = str(error)
                yield case


def main():
    out = {
        "jinja2": jinja2.__version__,
        "now": [NOW.year, NOW.month, NOW.day, NOW.hour, NOW.minute, NOW.second],
        "templates": {**OWN, "refusing": REFUSING},
        "chats": {
            "plain": {"messages": PLAIN},
            "system": {"messages": SYSTEM},
            "long": {"messages": LONG},
            "tools": {"messages": TOOLS, "tools": [TOOL, TOOL]},
            "asked": {"messages": TOOLS[:-3], "tools": [TOOL]},
        },
        "cases": list(cases()),
    }
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(out, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
