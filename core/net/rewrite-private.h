/* rewrite-private.h: the graph of a network while it is rewritten */
#pragma once

#include "net/rewrite.h"

G_BEGIN_DECLS

/* One layer to be written. Its inputs are other nodes by number, -1 the image. */
typedef struct
{
  int      old;      /* the layer whose section it is; -1: a route of its own */
  guint    first;    /* of a split convolution: its part of the filters */
  guint    filters;  /* 0: all */
  gboolean is_whole; /* a route that takes all of what it names, though its section says groups */
  gboolean is_gone;
  GArray  *inputs;   /* of int */
} EspRewriteNode;

struct _EspRewrite
{
  EspNetwork *network;
  EspWeights *weights;
  GPtrArray *nodes; /* of EspRewriteNode; the first are the network's layers, so that a node's number is the layer's */
  GArray *order;    /* of guint: nodes as they are written */
  int *stands_for;  /* per layer: the node that gives what it gave; -1: none */
};

static inline EspRewriteNode *
esp_rewrite_node (const EspRewrite *rewrite, guint node)
{
  return g_ptr_array_index (rewrite->nodes, node);
}

/* (transfer full): the network of all nodes that are not gone. places: (out) (transfer full): per node its layer, -1 */
EspNetwork *esp_rewrite_write (const EspRewrite  *rewrite,
                               int              **places,
                               GError           **error);

G_END_DECLS
