/* graph.c: an ONNX graph while it is made: nodes, constants, and what they are called */
#define G_LOG_DOMAIN "esp-onnx"
#include "config.h"

#include "onnx/graph.h"

#include <string.h>

#define MOST_BYTES G_MAXINT32 /* of one protocol buffer */

struct _EspOnnxGraph
{
  GStringChunk *words;
  GPtrArray *blocks; /* everything else that messages point to */
  GPtrArray *nodes, *constants, *inputs, *outputs, *facts;
  guint n_made; /* names given so far */
};

/* Room that lives as long as the graph. */
static gpointer
room (EspOnnxGraph *graph, gsize bytes)
{
  gpointer block = g_malloc0 (MAX (bytes, 1));

  g_ptr_array_add (graph->blocks, block);
  return block;
}

static gpointer
copy (EspOnnxGraph *graph, gconstpointer from, gsize bytes)
{
  gpointer block = room (graph, bytes);

  /* The shape of a single number is an empty one, and nothing may be copied from nowhere. */
  if (bytes > 0)
    memcpy (block, from, bytes);
  return block;
}

static char *
word (EspOnnxGraph *graph, const char *text)
{
  return g_string_chunk_insert_const (graph->words, text);
}

static char *
name_or_made (EspOnnxGraph *graph, const char *name)
{
  g_autofree char *made = name == NULL ? g_strdup_printf ("value_%u", graph->n_made++) : NULL;

  return word (graph, name != NULL ? name : made);
}

/** esp_onnx_graph_new: Returns: (transfer full): an empty graph. Thread: any, one at a time. */
EspOnnxGraph *
esp_onnx_graph_new (void)
{
  EspOnnxGraph *graph = g_new0 (EspOnnxGraph, 1);

  graph->words = g_string_chunk_new (4096);
  graph->blocks = g_ptr_array_new_with_free_func (g_free);
  graph->nodes = g_ptr_array_new ();
  graph->constants = g_ptr_array_new ();
  graph->inputs = g_ptr_array_new ();
  graph->outputs = g_ptr_array_new ();
  graph->facts = g_ptr_array_new ();
  return graph;
}

/** esp_onnx_graph_free: frees @graph and all names that it gave. */
void
esp_onnx_graph_free (EspOnnxGraph *graph)
{
  g_string_chunk_free (graph->words);
  g_ptr_array_unref (graph->blocks);
  g_ptr_array_unref (graph->nodes);
  g_ptr_array_unref (graph->constants);
  g_ptr_array_unref (graph->inputs);
  g_ptr_array_unref (graph->outputs);
  g_ptr_array_unref (graph->facts);
  g_free (graph);
}

/**
 * esp_onnx_node:
 * @graph: the graph
 * @op: an operator of ESP_ONNX_OPSET
 * @name: (nullable): what its output is called
 * @inputs: (array length=n_inputs): names of values that stand already
 * @n_inputs: how many
 *
 * Returns: (transfer none): the output's name, as long as @graph lives
 */
const char *
esp_onnx_node (EspOnnxGraph *graph, const char *op, const char *name, const char *const *inputs, guint n_inputs)
{
  Onnx__NodeProto *node = room (graph, sizeof *node);

  onnx__node_proto__init (node);
  node->op_type = word (graph, op);
  node->n_input = n_inputs;
  node->input = room (graph, n_inputs * sizeof (char *));
  for (guint i = 0; i < n_inputs; i++)
    node->input[i] = word (graph, inputs[i]);
  node->n_output = 1;
  node->output = room (graph, sizeof (char *));
  node->output[0] = node->name = name_or_made (graph, name);
  g_ptr_array_add (graph->nodes, node);
  return node->output[0];
}

static Onnx__AttributeProto *
add_attribute (EspOnnxGraph *graph, const char *name, Onnx__AttributeProto__AttributeType type)
{
  Onnx__NodeProto *node = g_ptr_array_index (graph->nodes, graph->nodes->len - 1);
  Onnx__AttributeProto *attribute = room (graph, sizeof *attribute);
  Onnx__AttributeProto **all = room (graph, (node->n_attribute + 1) * sizeof *all);

  onnx__attribute_proto__init (attribute);
  attribute->name = word (graph, name);
  attribute->has_type = TRUE;
  attribute->type = type;
  if (node->n_attribute > 0)
    memcpy (all, node->attribute, node->n_attribute * sizeof *all);
  all[node->n_attribute++] = attribute;
  node->attribute = all;
  return attribute;
}

/** esp_onnx_set_int: gives the last node a whole number. */
void
esp_onnx_set_int (EspOnnxGraph *graph, const char *attribute, gint64 value)
{
  Onnx__AttributeProto *proto = add_attribute (graph, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);

  proto->has_i = TRUE;
  proto->i = value;
}

/** esp_onnx_set_ints: gives the last node @n whole numbers. */
void
esp_onnx_set_ints (EspOnnxGraph *graph, const char *attribute, const gint64 *values, guint n)
{
  Onnx__AttributeProto *proto = add_attribute (graph, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);

  proto->n_ints = n;
  proto->ints = copy (graph, values, n * sizeof *values);
}

/** esp_onnx_set_float: gives the last node a number. */
void
esp_onnx_set_float (EspOnnxGraph *graph, const char *attribute, float value)
{
  Onnx__AttributeProto *proto = add_attribute (graph, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);

  proto->has_f = TRUE;
  proto->f = value;
}

/** esp_onnx_set_string: gives the last node a word. */
void
esp_onnx_set_string (EspOnnxGraph *graph, const char *attribute, const char *value)
{
  Onnx__AttributeProto *proto = add_attribute (graph, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
  const char *text = word (graph, value);

  proto->has_s = TRUE;
  proto->s = (ProtobufCBinaryData){ strlen (text), (guint8 *) text };
}

static const char *
add_constant (EspOnnxGraph *graph, const char *name, int type, const gint64 *dims, guint n_dims, gpointer values, gsize bytes)
{
  Onnx__TensorProto *tensor = room (graph, sizeof *tensor);

  onnx__tensor_proto__init (tensor);
  tensor->name = name_or_made (graph, name);
  tensor->has_data_type = TRUE;
  tensor->data_type = type;
  tensor->n_dims = n_dims;
  tensor->dims = copy (graph, dims, n_dims * sizeof *dims);
  tensor->has_raw_data = TRUE;
  tensor->raw_data = (ProtobufCBinaryData){ bytes, values };
  g_ptr_array_add (graph->constants, tensor);
  return tensor->name;
}

/**
 * esp_onnx_floats:
 * @graph: the graph
 * @name: (nullable): what it is called
 * @dims: (array length=n_dims): its shape
 * @n_dims: 0 of a scalar
 * @values: (transfer full): g_malloc'ed, as many as @dims say
 *
 * Numbers stand in the file little-endian, as they do in memory here.
 * Returns: (transfer none): its name
 */
const char *
esp_onnx_floats (EspOnnxGraph *graph, const char *name, const gint64 *dims, guint n_dims, float *values)
{
  gsize n = 1;

  G_STATIC_ASSERT (G_BYTE_ORDER == G_LITTLE_ENDIAN);
  for (guint i = 0; i < n_dims; i++)
    n *= (gsize) dims[i];
  g_ptr_array_add (graph->blocks, values);
  return add_constant (graph, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, dims, n_dims, values, n * sizeof *values);
}

/** esp_onnx_number: Returns: (transfer none): the name of a constant of one number without a shape. */
const char *
esp_onnx_number (EspOnnxGraph *graph, float value)
{
  return esp_onnx_floats (graph, NULL, NULL, 0, g_memdup2 (&value, sizeof value));
}

/** esp_onnx_ints: Returns: (transfer none): the name of a constant of @n whole numbers. */
const char *
esp_onnx_ints (EspOnnxGraph *graph, const gint64 *values, guint n)
{
  const gint64 dims[] = { n };

  return add_constant (graph, NULL, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, dims, 1, copy (graph, values, n * sizeof *values),
                       n * sizeof *values);
}

static Onnx__TensorShapeProto *
make_shape (EspOnnxGraph *graph, const gint64 *dims, guint n_dims)
{
  Onnx__TensorShapeProto *shape = room (graph, sizeof *shape);

  onnx__tensor_shape_proto__init (shape);
  shape->n_dim = n_dims;
  shape->dim = room (graph, n_dims * sizeof *shape->dim);
  for (guint i = 0; i < n_dims; i++)
    {
      shape->dim[i] = room (graph, sizeof **shape->dim);
      onnx__tensor_shape_proto__dimension__init (shape->dim[i]);
      shape->dim[i]->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
      shape->dim[i]->dim_value = dims[i];
    }
  return shape;
}

static void
add_value (EspOnnxGraph *graph, GPtrArray *to, const char *name, const gint64 *dims, guint n_dims)
{
  Onnx__ValueInfoProto *value = room (graph, sizeof *value);
  Onnx__TypeProto__Tensor *tensor = room (graph, sizeof *tensor);

  onnx__value_info_proto__init (value);
  onnx__type_proto__tensor__init (tensor);
  tensor->has_elem_type = TRUE;
  tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
  tensor->shape = make_shape (graph, dims, n_dims);
  value->name = word (graph, name);
  value->type = room (graph, sizeof *value->type);
  onnx__type_proto__init (value->type);
  value->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
  value->type->tensor_type = tensor;
  g_ptr_array_add (to, value);
}

/** esp_onnx_add_input: says what the graph is fed. */
void
esp_onnx_add_input (EspOnnxGraph *graph, const char *name, const gint64 *dims, guint n_dims)
{
  add_value (graph, graph->inputs, name, dims, n_dims);
}

/** esp_onnx_add_output: says what it gives: a value that stands. */
void
esp_onnx_add_output (EspOnnxGraph *graph, const char *name, const gint64 *dims, guint n_dims)
{
  add_value (graph, graph->outputs, name, dims, n_dims);
}

/** esp_onnx_add_fact: a line of the model's metadata. */
void
esp_onnx_add_fact (EspOnnxGraph *graph, const char *key, const char *value)
{
  Onnx__StringStringEntryProto *fact = room (graph, sizeof *fact);

  onnx__string_string_entry_proto__init (fact);
  fact->key = word (graph, key);
  fact->value = word (graph, value);
  g_ptr_array_add (graph->facts, fact);
}

static void
fill_graph (EspOnnxGraph *graph, Onnx__GraphProto *proto)
{
  onnx__graph_proto__init (proto);
  proto->name = (char *) "detector";
  proto->n_node = graph->nodes->len;
  proto->node = (Onnx__NodeProto **) graph->nodes->pdata;
  proto->n_initializer = graph->constants->len;
  proto->initializer = (Onnx__TensorProto **) graph->constants->pdata;
  proto->n_input = graph->inputs->len;
  proto->input = (Onnx__ValueInfoProto **) graph->inputs->pdata;
  proto->n_output = graph->outputs->len;
  proto->output = (Onnx__ValueInfoProto **) graph->outputs->pdata;
}

/** esp_onnx_graph_pack: Returns: (transfer full) (nullable): the model as the bytes of a file; NULL beyond the 2 GiB of one message. */
GBytes *
esp_onnx_graph_pack (EspOnnxGraph *graph)
{
  Onnx__ModelProto model;
  Onnx__GraphProto proto;
  Onnx__OperatorSetIdProto set;
  Onnx__OperatorSetIdProto *sets[] = { &set };
  guint8 *bytes;
  gsize n;

  fill_graph (graph, &proto);
  onnx__operator_set_id_proto__init (&set);
  set.domain = (char *) "";
  set.has_version = TRUE;
  set.version = ESP_ONNX_OPSET;
  onnx__model_proto__init (&model);
  model.has_ir_version = TRUE;
  model.ir_version = ESP_ONNX_IR;
  model.producer_name = (char *) "espalier";
  model.producer_version = (char *) ESP_VERSION;
  model.graph = &proto;
  model.n_opset_import = G_N_ELEMENTS (sets);
  model.opset_import = sets;
  model.n_metadata_props = graph->facts->len;
  model.metadata_props = (Onnx__StringStringEntryProto **) graph->facts->pdata;
  n = onnx__model_proto__get_packed_size (&model);
  if (n > MOST_BYTES)
    return NULL;
  bytes = g_malloc (n);
  onnx__model_proto__pack (&model, bytes);
  return g_bytes_new_take (bytes, n);
}
