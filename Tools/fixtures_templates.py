"""Writes Tests/TextTests/Fixtures/templates.json: chat templates in the manner of well-known models, conversations, and what Jinja makes of them.

The templates are our own, written with the constructs that those models' templates use; transformers' settings of Jinja render them.
"""

import json
import pathlib

import jinja2
from transformers.utils.chat_template_utils import _compile_jinja_template

OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests/TextTests/Fixtures/templates.json"

TEMPLATES = {
    "smollm2": (
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
        "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}"
        "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
    "chatml": """{%- for message in messages %}
    {{- '<|im_start|>' ~ message.role ~ '\\n' ~ (message.content | trim) ~ '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
""",
    "turns-in-brackets": """{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{% set first = messages[0]['content'] %}
{% else %}{% set rest = messages %}{% set first = false %}{% endif %}
{% for message in rest %}
{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
{{ raise_exception('Roles must alternate user/assistant/user/assistant/...') }}
{% endif %}
{% if loop.index0 == 0 and first != false %}{% set content = '<<SYS>>\\n' + first + '\\n<</SYS>>\\n\\n' + message['content'] %}
{% else %}{% set content = message['content'] %}{% endif %}
{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}
{% elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}
{% endfor %}
""",
    "headers": """{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] +
 '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}
{{- content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}""",
    "headers-tools": """{{- bos_token }}
{%- if custom_tools is defined %}{%- set tools = custom_tools %}{%- endif %}
{%- if not tools_in_user_message is defined %}{%- set tools_in_user_message = true %}{%- endif %}
{%- if not date_string is defined %}{%- set date_string = "26 Jul 2024" %}{%- endif %}
{%- if not tools is defined %}{%- set tools = none %}{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if builtin_tools is defined or tools is not none %}{{- "Environment: ipython\\n" }}{%- endif %}
{%- if builtin_tools is defined %}
    {{- "Tools: " + builtin_tools | reject('equalto', 'code_interpreter') | join(", ") + "\\n\\n"}}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{%- if tools is not none and not tools_in_user_message %}
    {%- for t in tools %}{{- t | tojson(indent=4) }}{{- "\\n\\n" }}{%- endfor %}
{%- endif %}
{{- system_message }}{{- "<|eot_id|>" }}
{%- if tools_in_user_message and not tools is none %}
    {%- if messages | length != 0 %}
        {%- set first_user_message = messages[0]['content']|trim %}
        {%- set messages = messages[1:] %}
    {%- else %}
        {{- raise_exception("Cannot put tools in the first user message when there's no first user message!") }}
    {%- endif %}
    {{- '<|start_header_id|>user<|end_header_id|>\\n\\n' -}}
    {%- for t in tools %}{{- t | tojson(indent=4) }}{{- "\\n\\n" }}{%- endfor %}
    {{- first_user_message + "<|eot_id|>"}}
{%- endif %}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}{{- raise_exception("This model only supports single tool-calls at once!") }}{%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
        {{- '{"name": "' + tool_call.name + '", ' }}{{- '"parameters": ' }}{{- tool_call.arguments | tojson }}{{- "}" }}
        {{- "<|eot_id|>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}{{- message.content | tojson }}
        {%- else %}{{- message.content }}{%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}
""",
    "chatml-tools": """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0]['role'] == 'system' %}{{- messages[0]['content'] }}{%- else %}{{- 'You are a helpful assistant.' }}{%- endif %}
    {{- "\\n\\n# Tools\\n\\nSignatures within <tools></tools> XML tags:\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- elif messages[0]['role'] == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>')
        and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {{- '<|im_start|>' + message.role }}
        {%- set reasoning_content = '' %}
        {%- if message.content and '</think>' in message.content %}
            {%- set reasoning_content = message.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and reasoning_content %}{{- '\\n<think>' ~ reasoning_content ~ '</think>' }}{%- endif %}
        {%- if message.content %}{{- '\\n' + message.content.split('</think>')[-1].lstrip('\\n') }}{%- endif %}
        {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function is defined %}{%- set tool_call = tool_call.function %}{%- endif %}
            {{- '\\n<tool_call>\\n{"name": "' }}{{- tool_call.name }}{{- '", "arguments": ' }}
            {{- tool_call.arguments if tool_call.arguments is string else tool_call.arguments | tojson }}{{- '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}{{- '<|im_start|>user' }}{%- endif %}
        {{- '\\n<tool_response>\\n' }}{{- message.content }}{{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}{{- '<|im_end|>\\n' }}{%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
{%- endif %}""",
    "instructions-tools": """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- if not tools is defined %}{%- set tools = none %}{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace() %}{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or message.role == "tool_results" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("After the optional system message, conversation roles must alternate user/assistant/user/assistant/...") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS] [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {{- '{"type": "function", "function": {' }}
                {%- for key, val in tool.items() if key != "return" %}
                    {%- if val is string %}{{- '"' + key + '": "' + val + '"' }}
                    {%- else %}{{- '"' + key + '": ' + val|tojson }}{%- endif %}
                    {%- if not loop.last %}{{- ", " }}{%- endif %}
                {%- endfor %}
                {{- "}}" }}
                {%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" }}{%- endif %}
            {%- endfor %}
            {{- "[/AVAILABLE_TOOLS]" }}
        {%- endif %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}{{- "[INST] " + message["content"] + "[/INST]" }}{%- endif %}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- "[TOOL_CALLS] [" }}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function|tojson %}
            {{- out[:-1] }}
            {%- if not tool_call.id is defined or tool_call.id|length != 9 %}
                {{- raise_exception("Tool call IDs should be alphanumeric strings with length 9!") }}
            {%- endif %}
            {{- ', "id": "' + tool_call.id + '"}' }}
            {%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" + eos_token }}{%- endif %}
        {%- endfor %}
    {%- elif message["role"] == "assistant" %}{{- " " + message["content"]|trim + eos_token}}
    {%- elif message["role"] == "tool_results" or message["role"] == "tool" %}
        {%- if message.content is defined and message.content.content is defined %}{%- set content = message.content.content %}
        {%- else %}{%- set content = message.content %}{%- endif %}
        {{- '[TOOL_RESULTS] {"content": ' + content|string + ", " }}
        {%- if not message.tool_call_id is defined or message.tool_call_id|length != 9 %}
            {{- raise_exception("Tool call IDs should be alphanumeric strings with length 9!") }}
        {%- endif %}
        {{- '"call_id": "' + message.tool_call_id + '"}[/TOOL_RESULTS]' }}
    {%- else %}{{- raise_exception("Only user and assistant roles are supported, with the exception of an initial optional system message!") }}
    {%- endif %}
{%- endfor %}
""",
    "turns": """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}
{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}
{{ '<start_of_turn>' + role + '
' + message['content'] | trim + '<end_of_turn>
' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model
'}}{% endif %}""",
    "roles": """{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|system|>\n' + message['content'] + '<|end|>\n'}}
{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'assistant' %}
{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}{% endif %}{% endfor %}
{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}""",
    "wide-bars": """{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}
{% set ns = namespace(is_first=false, is_tool=false, is_output_first=true, system_prompt='', is_first_sp=true) %}
{%- for message in messages %}{%- if message['role'] == 'system' %}{%- if ns.is_first_sp %}
{% set ns.system_prompt = ns.system_prompt + message['content'] %}{% set ns.is_first_sp = false %}{%- else %}
{% set ns.system_prompt = ns.system_prompt + '\\n\\n' + message['content'] %}{%- endif %}{%- endif %}{%- endfor %}
{{ bos_token }}{{ ns.system_prompt }}
{%- for message in messages %}
{%- if message['role'] == 'user' %}{%- set ns.is_tool = false -%}{{'<｜User｜>' + message['content']}}{%- endif %}
{%- if message['role'] == 'assistant' and 'tool_calls' in message %}{%- set ns.is_tool = false -%}
{%- for tool in message['tool_calls'] %}
{%- if not ns.is_first %}{{'<｜Assistant｜><｜tool▁calls▁begin｜>' + tool['type'] + '\\n' + tool['function']['name'] + '\\n' + (tool['function']['arguments'] | tojson)}}
{%- set ns.is_first = true -%}
{%- else %}{{'\\n' + tool['function']['name']}}{%- endif %}{%- endfor %}{{ '<｜end｜>' }}{%- endif %}
{%- if message['role'] == 'assistant' and 'tool_calls' not in message %}
{%- if ns.is_tool %}{{'<｜tool▁outputs▁end｜>' + message['content'] + '<｜end｜>'}}{%- set ns.is_tool = false -%}
{%- else %}{% set content = message['content'] %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}
{{'<｜Assistant｜>' + content + '<｜end｜>'}}{%- endif %}{%- endif %}
{%- if message['role'] == 'tool' %}{%- set ns.is_tool = true -%}{{'<｜tool▁output▁begin｜>' + message['content'] | string + '<｜tool▁output▁end｜>'}}{%- endif %}
{%- endfor -%}{% if ns.is_tool %}{{'<｜tool▁outputs▁end｜>'}}{% endif %}{% if add_generation_prompt and not ns.is_tool %}{{'<｜Assistant｜>'}}{% endif %}""",
    "macros": """{%- macro json_to_python_type(json_spec) %}
{%- set basic_type_map = {"string": "str", "number": "float", "integer": "int", "boolean": "bool"} %}
{%- if basic_type_map[json_spec.type] is defined %}{{- basic_type_map[json_spec.type] }}
{%- elif json_spec.type == "array" %}{{- "List[" + json_to_python_type(json_spec["items"]) + "]"}}
{%- elif json_spec.type == "object" %}
{%- if json_spec.additionalProperties is defined %}{{- "Dict[str, " + json_to_python_type(json_spec.additionalProperties) + ']'}}
{%- else %}{{- "Dict" }}{%- endif %}
{%- elif json_spec.type is iterable %}
{{- "Union[" }}{%- for t in json_spec.type %}{{- json_to_python_type({"type": t}) }}{%- if not loop.last %}{{- "," }}{%- endif %}{%- endfor %}{{- "]" }}
{%- else %}{{- "Any" }}{%- endif %}
{%- endmacro %}
{%- macro old_tool_parser(tools) %}
{%- for tool in tools %}
{%- if loop.index0 != 0 %}{{- '\\n\\n' }}{%- endif %}
{{- '```python\\ndef ' + tool.function.name + '(' }}
{%- for param_name, param_fields in tool.function.parameters.properties.items() %}
{%- if loop.index0 != 0 %}{{- ', ' }}{%- endif %}
{{- param_name + ': ' }}
{%- if not param_name in tool.function.parameters.required %}{{- 'Optional[' + json_to_python_type(param_fields) + '] = None' }}
{%- else %}{{- json_to_python_type(param_fields) }}{%- endif %}
{%- endfor %}
{{- ') -> List[Dict]:\\n    \"\"\"'}}{{- tool.function.description }}
{%- if tool.function.parameters.properties|length != 0 %}
{{- '\\n\\n    Args:\\n        '}}
{%- for param_name, param_fields in tool.function.parameters.properties.items() %}
{%- if loop.index0 != 0 %}{{- '\\n        ' }}{%- endif %}
{{- param_name + ' ('}}{{- json_to_python_type(param_fields) }}{{- '): ' + param_fields.description|default('nothing') }}
{%- endfor %}
{%- endif %}
{{- '\\n    \"\"\"\\n    pass\\n```' }}
{%- endfor %}
{%- endmacro %}
{{- bos_token }}{%- if tools %}{{- old_tool_parser(tools) }}{%- endif %}
{%- for message in messages %}
{{- '<|START_OF_TURN_TOKEN|>' ~ {'user': '<|USER|>', 'assistant': '<|CHATBOT|>', 'system': '<|SYSTEM|>'}.get(message.role, '<|OTHER|>') }}
{%- if message.content is string %}{{- message.content }}
{%- elif message.content is not none %}{%- for part in message.content %}{%- if part.type == 'text' %}{{- part.text }}
{%- elif part['type'] in ('image', 'video') %}{{- '<' ~ part.type ~ '>' }}{%- endif %}{%- endfor %}{%- endif %}
{{- '<|END_OF_TURN_TOKEN|>' }}{%- endfor %}
{%- if add_generation_prompt %}{{- '<|START_OF_TURN_TOKEN|><|CHATBOT|>' }}{%- endif %}
""",
    "generation": """{% for message in messages %}
  {% if message.role == 'assistant' %}
<a>{% generation %}{{ message.content }}{{ eos_token }}{% endgeneration %}

  {% else %}
<{{ message.role }}>{{ message.content }}
  {% endif %}
{% endfor %}""",
}

TOOLS = [
    {"type": "function", "function": {
        "name": "get_weather", "description": "What the weather is like. \"Quoted\" & <tagged>",
        "parameters": {"type": "object", "required": ["city"], "properties": {
            "city": {"type": "string", "description": "Städte, 都市"}, "days": {"type": "integer"},
            "units": {"type": "array", "items": {"type": "number"}}, "more": {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
        }},
    }},
    {"type": "function", "function": {"name": "noop", "description": "", "parameters": {"type": "object", "properties": {}}}},
]
U = lambda text: {"role": "user", "content": text}
A = lambda text: {"role": "assistant", "content": text}
S = lambda text: {"role": "system", "content": text}
CALL = {"role": "assistant", "content": "", "tool_calls": [
    {"id": "abcdefghi", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Zürich", "days": 2, "x": [1.5, None, True, 1e20]}}}
]}
CONVERSATIONS = [
    {"messages": [U("Hello!")], "add_generation_prompt": True},
    {"messages": [U("  Hello! \n"), A("Hi.\n"), U("How are you?")], "add_generation_prompt": True},
    {"messages": [S("Be short."), U("Why?"), A("Because.")], "add_generation_prompt": False},
    {"messages": [S("Be short."), U("汉字 👩‍👩‍👧 e\u0301 Ünï\r\n\ttab \"quotes\" {{ braces }} {% %}"), A("<b>&amp;</b>"), U("?")], "add_generation_prompt": True},
    {"messages": [], "add_generation_prompt": True},
    {"messages": [U("")], "add_generation_prompt": False},
    {"messages": [A("I begin."), U("So?")], "add_generation_prompt": True},
    {"messages": [U("a"), U("b")], "add_generation_prompt": True},
    {"messages": [{"content": "no role"}], "add_generation_prompt": True},
    {"messages": [{"role": "user"}], "add_generation_prompt": True},
    {"messages": [{"role": "user", "content": None}], "add_generation_prompt": True},
    {"messages": [{"role": "critic", "content": "Boo."}], "add_generation_prompt": True},
    {"messages": [S("Tools!"), U("Weather?"), CALL, {"role": "tool", "tool_call_id": "abcdefghi", "content": "{\"sky\": \"blue\"}"}],
     "tools": TOOLS, "add_generation_prompt": True},
    {"messages": [U("Weather?"), CALL, {"role": "tool", "tool_call_id": "abcdefghi", "content": "rain"}, A("<think>\nhm\n</think>\n\nWet.")],
     "tools": TOOLS, "add_generation_prompt": False},
    {"messages": [U("Weather?")], "tools": TOOLS, "add_generation_prompt": True, "tools_in_user_message": False, "enable_thinking": False,
     "builtin_tools": ["brave_search", "code_interpreter"], "date_string": "1 Jan 2025"},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, {"type": "image"}]}], "add_generation_prompt": True},
]

EXPRESSIONS = [
    "1 + 2 * 3 ** 2", "7 // 2, -7 // 2, 7 % 3, -7 % 3, 7.5 // 2, -7.5 % 2", "1 / 4", "2 ** -1", "-2 ** 2", "1e3, 1.5e-7, 100000000000000000.0, 123456789012345680.0, 1e22, 0.1 + 0.2, 5e15, 1e16",
    "1_000, 0x1F, 0b101, 0o17", "'a' 'b' \"c\\n\\t\\x41\\u00e9\\\\ \\q\"", "'%s is %d or %5.2f%%' % ('x', 3, 2.5)", "'%(a)s' % {'a': 1}", "'{} {1} {n}'.format('a', 'b', n=3)",
    "[1, 'two', 3.0, none, true, [], {}, (1,), ()]", "{'a': 1, 'b': [1, 2], 3: none}", "{'it\\'s': \"a 'b' \\\"c\\\"\"}", "'a' ~ 1 ~ none ~ 2.0 ~ true",
    "1 < 2 < 3, 1 < 3 < 2, 'a' < 'b', [1, 2] < [1, 3], 1 == 1.0, true == 1, 'a' != 'b'", "'b' in 'abc', 4 not in [1, 2], 'k' in {'k': 1}",
    "not true or false and true", "1 or 2, 0 or 'x', '' and 1, none or 0", "x is defined, x is undefined, messages is defined", "x | default('d'), '' | default('d'), '' | default('d', true), none | d(1)",
    "'abc'[0], 'abc'[-1], 'abc'[1:], 'abc'[::-1], 'abcdef'[1:5:2], [1, 2, 3][-2:], [1, 2][5:], 'añb'[1]", "{'a': {'b': [10, 20]}}.a.b[1], {'a': 1}['a'], [1, 2].0",
    "'x' if true else 'y', 'x' if false, ('a' if 0 else 'b' if 1 else 'c')", "'  a b '.strip() ~ '|', 'xxaxx'.strip('x'), 'abc'.lstrip('ab'), 'a,b,,c'.split(','), ' a  b '.split(), 'a b c'.split(' ', 1), 'a b c'.rsplit(none, 1)",
    "'Hello World'.lower(), 'ß'.upper(), 'hello wORLD'.title(), 'hello WORLD'.capitalize(), 'aB'.swapcase()", "'abc'.startswith('ab'), 'abc'.endswith(('x', 'c')), 'abc'.find('c'), 'abc'.find('z'), 'aXbX'.replace('X', '-'), 'aXbX'.replace('X', '-', 1), 'abc'.count('b')",
    "'a-b-c'.partition('-'), 'a-b-c'.rpartition('-'), 'abc'.removeprefix('a'), 'abc'.removesuffix('c'), 'x'.join(['1', '2']), 'a\\nb\\r\\nc'.splitlines()", "'12'.isdigit(), 'ab'.isalpha(), 'a1'.isalnum(), ' '.isspace(), 'AB'.isupper(), 'ab'.islower(), '5'.zfill(3), 'ab'.ljust(4) ~ '|', 'ab'.rjust(4), 'ab'.center(5, '*')",
    "{'b': 1, 'a': 2}.items() | list, {'b': 1}.keys() | list, {'b': 1}.values() | list, {'b': 1}.get('b'), {}.get('z'), {}.get('z', 5)", "{'b': 1, 'a': 2} | dictsort, {'b': 1, 'a': 2} | items | list",
    "[3, 1, 2] | sort, ['b', 'A', 'c'] | sort, ['b', 'A'] | sort(case_sensitive=true), [3, 1] | sort(reverse=true), [{'n': 2}, {'n': 1}] | sort(attribute='n')", "[1, 1, 2] | unique | list, ['a', 'A'] | unique | list, [1, 2, 3] | reverse | list, 'abc' | reverse",
    "[1, 2, 3] | sum, [{'v': 1}, {'v': 2}] | sum('v'), [1, 2] | min, [1, 2] | max, [1, 2] | first, [1, 2] | last, [] | first | default('none')", "[1, 2, 3, 4] | select('even') | list, [1, 2, 3] | reject('>', 1) | list, [{'a': 1}, {'b': 2}] | selectattr('a', 'defined') | list, [{'a': 1}, {'a': 2}] | rejectattr('a', 'eq', 1) | list, [0, 1, ''] | select | list",
    "['a', 'b'] | map('upper') | join('-'), [{'n': {'x': 1}}, {}] | map(attribute='n.x', default='?') | list, [1, 2] | map('string') | list", "[1, 2, 3, 4, 5] | batch(2) | list, [1, 2, 3] | batch(2, 0) | list, [1, 2, 3, 4, 5] | slice(2) | list, [{'k': 'a', 'v': 1}, {'k': 'b', 'v': 2}, {'k': 'a', 'v': 3}] | groupby('k') | list",
    "{'a': [1, 2.5, 'x\\u2028é\"\\\\\\n', none, true], 'b': {}} | tojson", "{'b': [1, {}], 'a': []} | tojson(indent=2)", "{'b': 1, 'a': 'é😀'} | tojson(sort_keys=true, ensure_ascii=true, separators=(',', ':'))", "[] | tojson, {} | tojson, 'a/b' | tojson, (1, 2) | tojson(indent=1)",
    "3.7 | int, '42' | int, 'x' | int, 'x' | int(7), '0x1F' | int(0, 16), '3.9' | int, '1.5' | float, 'x' | float, 5 | float, 3 | string ~ 'x'", "2.5 | round, 3.5 | round, 2.675 | round(2), 2.1 | round(0, 'ceil'), 2.9 | round(method='floor'), 7 | round, -3 | abs, -2.5 | abs, 1234.5 | round(-2)",
    "'a b-c (d' | title, 'hELLO' | capitalize, ' x ' | trim ~ '|', 'xxa' | trim('x'), 'a<b>&\"\\'' | e | string | length, 'a b/ü' | urlencode, 'one two, three' | wordcount", "'a\\nb\\n\\nc' | indent, 'a\\nb' | indent(2, true), 'a\\n\\nb' | indent(1, false, true), 'a\\nb' | indent('> ')", "'hello big world' | truncate(9, leeway=0), 'hello big world' | truncate(9, true, '', 0), 'short' | truncate, 'ab' | center(6) ~ '|', '%s-%s' | format('a', 'b')",
    "[1, 2] + [3], (1,) + (2,), 'ab' * 3, [0] * 2, 'abc' | length, {'a': 1} | length, 'é👍' | length, x | length", "range(3) | list, range(1, 7, 2) | list, range(3, 0, -1) | list", "dict(a=1, b=2), dict([('x', 1)]), dict({'a': 1}, b=3)",
    "1 is number, 1.0 is float, 1 is integer, 'a' is string, true is boolean, none is none, [] is sequence, {} is mapping, 'a' is iterable, 3 is odd, 4 is even, 9 is divisibleby 3, 1 is sameas 1, 'a' is in ['a'], 'ab' is lower, 'AB' is upper, 1 is eq 1, 2 is gt 1, range is callable, 1 is not string",
    "x ~ 'y', [x], {'a': x} | length", "none | string, true | string, [1, 'a'] | string, 1.0, -0.0, 10 ** 15", "'a' if x else 'b', (x or 'z')", "loop is defined", "[[1, 2], [3]] | map('length') | list, [[1, 2], [3]] | map('first') | list, ['a', 'b'] | list, 'ab' | list",
    "x.y", "1 + 'a'", "[1] | upper, none.a", "'a' + 1", "x + 1", "1 // 0", "{}[[1]]", "raise_exception('no: ' ~ 1)", "x | tojson", "[].append(1)", "''.__class__", "5()", "foo()", "namespace(__a=1)", "range(200000)", "'a' < 1", "none | length", "for", "1 +", "'a", "a b", "[1, 2", "{'a' 1}", "x | nofilter", "x is notest", "(1", "1 | int | abs | float", "{{ 1 }}",
]
STATEMENTS = [
    "{% for x in [1, 2, 3] %}{{ loop.index }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('a', 'b') }};{% endfor %}",
    "{% for x in [] %}a{% else %}empty{% endfor %}", "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }},{% endfor %}", "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for x in range(10) if x % 2 %}{{ x }}{{ loop.index }} {% endfor %}", "{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in [[1, [2]], [3]] recursive %}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}@{{ loop.depth }}{% endif %}{% endfor %}", "{% for x in 'aé' %}{{ x }}.{% endfor %}{% for x in y %}a{% endfor %}",
    "{% for x in [1, 1, 2] %}{% if loop.changed(x) %}{{ x }}{% endif %}{% endfor %}", "{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}", "{% set ns = namespace(n=0) %}{% for i in [1, 2] %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set (c, d) = [3, 4] %}{{ c + d }}", "{% set x %}  hi {{ 1 }} {% endset %}[{{ x }}]{% set y | trim | upper %} ab {% endset %}[{{ y }}]", "{% if 0 %}a{% elif 1 %}b{% else %}c{% endif %}{% if [] %}x{% endif %}",
    "{% macro f(a, b=2, c='x') %}{{ a }}{{ b }}{{ c }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1) }} {{ f(1, c=3) }} {{ f(1, 2, 3, 4, d=5) }}", "{% macro f(a) %}<{{ a }}>{% endmacro %}{{ f() }}{{ f(1, 2) }}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(b=1) }}",
    "{% macro f() %}[{{ caller('x') }}]{% endmacro %}{% call(v) f() %}{{ v }}!{% endcall %}", "{% filter upper | replace('A', 'x') %}abc{% endfilter %}", "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a }}", "{% set x = 1 %}{% macro f() %}{{ x }}{% endmacro %}{% set x = 2 %}{{ f() }}",
    "a\n  {% if true %}\n  b\n  {% endif %}\nc\n", "a\n  {%- if true -%}\n  b\n  {%- endif +%}\nc\n\n", "a {#- x -#} b {# y #}\nc\n  {# z #}\nd", "{% raw %}{{ x }}{% y %}{% endraw %}\n!", "a  {%+ if true +%}\n b {% endif %}", "x\r\ny\rz\n", "  {{ 1 }}  \n  {{- 2 -}}  \n3",
    "{{ 'a' }}\n{{ 'b' }}\n", "{% if true %}\n\n x\n{% endif %}\n", "{% for i in [1] -%}\n  {{ i }}\n{%- endfor %}", "{% macro r(n) %}{{ n }}{% if n > 0 %}{{ r(n - 1) }}{% endif %}{% endmacro %}{{ r(5) }}", "{%- raw -%}  a  {%- endraw -%}  b",
    "{% if x %}", "{% endif %}", "{% for x %}{% endfor %}", "{% nosuch %}", "{% set 1 = 2 %}", "{% break %}", "{{ }}", "{% for a, b in [1] %}{% endfor %}", "{# no end", "{% raw %}x", "{% set x.y = 1 %}", "{% set loop = 1 %}", "{% include 'a' %}", "}}{{ 1 }}%}#}", "{ {{ '{' }} }",
]


def outcome(render):
    try:
        return {"text": render()}
    except (jinja2.exceptions.TemplateSyntaxError, SyntaxError):
        return {"error": "syntax"}
    except jinja2.exceptions.UndefinedError:
        return {"error": "undefined"}
    except jinja2.exceptions.SecurityError:
        return {"error": "forbidden"}
    except jinja2.exceptions.TemplateError as error:
        return {"error": "raised", "message": str(error)} if type(error) is jinja2.exceptions.TemplateError else {"error": "other"}
    except (TypeError, ValueError, ZeroDivisionError, OverflowError, AttributeError, KeyError, RecursionError):
        return {"error": "type"}


def main():
    chats = []
    for name, source in TEMPLATES.items():
        compiled = _compile_jinja_template(source)
        for index, conversation in enumerate(CONVERSATIONS):
            variables = {"tools": None, "documents": None, "bos_token": "<s>", "eos_token": "</s>", **conversation}
            chats.append({"template": name, "conversation": index, **outcome(lambda: compiled.render(**variables))})
    snippets = []
    for source in ["{{ " + text + " }}" for text in EXPRESSIONS] + STATEMENTS:
        snippets.append({"source": source, **outcome(lambda: _compile_jinja_template(source).render(messages=[]))})
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(
        {"templates": TEMPLATES, "conversations": CONVERSATIONS, "chats": chats, "snippets": snippets}, ensure_ascii=False, indent=0) + "\n")


if __name__ == "__main__":
    main()
