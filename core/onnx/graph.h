/* graph.h: an ONNX graph while it is made: nodes, constants, and what they are called */
#pragma once

#include "onnx.pb-c.h"

#include <glib.h>

G_BEGIN_DECLS

#define ESP_ONNX_IR    6  /* the version of the format that came with the operators */
#define ESP_ONNX_OPSET 11 /* read by OpenCV's dnn of Debian 12 and by all that came after */

/* Owns all that its messages point to; the numbers of constants are its own copies. */
typedef struct _EspOnnxGraph EspOnnxGraph;

EspOnnxGraph     *esp_onnx_graph_new      (void);
void              esp_onnx_graph_free     (EspOnnxGraph        *graph);

/* A node with one output; values are names, which the graph keeps. Returns: (transfer none): the output's name. */
const char       *esp_onnx_node           (EspOnnxGraph        *graph,
                                           const char          *op,
                                           const char          *name,      /* (nullable): of the output; NULL: one is made */
                                           const char *const   *inputs,    /* "" where an optional one is left out */
                                           guint                n_inputs);
/* Of the node that was added last. */
void              esp_onnx_set_int        (EspOnnxGraph        *graph,
                                           const char          *attribute,
                                           gint64               value);
void              esp_onnx_set_ints       (EspOnnxGraph        *graph,
                                           const char          *attribute,
                                           const gint64        *values,
                                           guint                n);
void              esp_onnx_set_float      (EspOnnxGraph        *graph,
                                           const char          *attribute,
                                           float                value);
void              esp_onnx_set_string     (EspOnnxGraph        *graph,
                                           const char          *attribute,
                                           const char          *value);
/* Constants. Returns: (transfer none): its name. */
const char       *esp_onnx_floats         (EspOnnxGraph        *graph,
                                           const char          *name,      /* (nullable) */
                                           const gint64        *dims,
                                           guint                n_dims,    /* 0: one number */
                                           float               *values);   /* (transfer full) */
const char       *esp_onnx_number         (EspOnnxGraph        *graph,
                                           float                value);
const char       *esp_onnx_ints           (EspOnnxGraph        *graph,
                                           const gint64        *values,
                                           guint                n);
void              esp_onnx_add_input      (EspOnnxGraph        *graph,
                                           const char          *name,
                                           const gint64        *dims,
                                           guint                n_dims);
void              esp_onnx_add_output     (EspOnnxGraph        *graph,
                                           const char          *name,
                                           const gint64        *dims,
                                           guint                n_dims);
void              esp_onnx_add_fact       (EspOnnxGraph        *graph,     /* metadata of the model */
                                           const char          *key,
                                           const char          *value);
/* Returns: (transfer full): the file's bytes; NULL where they are more than the format can hold. */
GBytes           *esp_onnx_graph_pack     (EspOnnxGraph        *graph);

#define ESP_ONNX_NODE(graph, op, name, ...) \
  esp_onnx_node ((graph), (op), (name), (const char *const[]){ __VA_ARGS__ }, G_N_ELEMENTS (((const char *const[]){ __VA_ARGS__ })))
#define ESP_ONNX_INTS(graph, ...) \
  esp_onnx_ints ((graph), (const gint64[]){ __VA_ARGS__ }, G_N_ELEMENTS (((const gint64[]){ __VA_ARGS__ })))
#define ESP_ONNX_SET_INTS(graph, attribute, ...) \
  esp_onnx_set_ints ((graph), (attribute), (const gint64[]){ __VA_ARGS__ }, G_N_ELEMENTS (((const gint64[]){ __VA_ARGS__ })))

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspOnnxGraph, esp_onnx_graph_free)

G_END_DECLS
