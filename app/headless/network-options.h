/* network-options.h: the options of every verb that runs a network, and what they load */
#pragma once

#include "measure/evaluate.h"

G_BEGIN_DECLS

/* As given, NULL where not; static storage in a verb, named by ESP_NETWORK_OPTIONS in its entries. */
typedef struct
{
  char *fit;
  char *bn_eps;
  char *orientation;
  char *dialect;
  char *backend;
} EspNetworkOptions;

#define ESP_DIALECT_OPTION(word) \
  { "dialect", 0, 0, G_OPTION_ARG_STRING, &(word), "Whose darknet the cfg is for: auto, alexey or pjreddie (default auto)", "DIALECT" }

#define ESP_NETWORK_OPTIONS(options) \
  ESP_DIALECT_OPTION ((options).dialect), \
  { "fit", 0, 0, G_OPTION_ARG_STRING, &(options).fit, "stretch or letterbox (default: as the cfg's letter_box says)", "FIT" }, \
  { "bn-eps", 0, 0, G_OPTION_ARG_STRING, &(options).bn_eps, "Batch normalisation of alexey, darknet or opencv (default alexey)", "FORM" }, \
  { "orientation", 0, 0, G_OPTION_ARG_STRING, &(options).orientation, \
    "Which way up: auto (as annotated, else EXIF), exif or none (default auto)", "HOW" }, \
  { "backend", 0, 0, G_OPTION_ARG_STRING, &(options).backend, \
    "Kernels: onednn (default), bfloat16 (approximate), reference (plain C) or reference-double (plain C in float64)", "SET" }

/* A network with its weights, and how it is to be run. */
typedef struct
{
  EspNetwork        *network;
  EspWeights        *weights; /* NULL where none were asked for */
  EspEvaluateOptions run;     /* the defaults with the options over them */
} EspLoaded;

gboolean esp_loaded_open  (EspLoaded                *loaded,  /* (out) */
                           const char               *cfg,
                           const char               *weights, /* (nullable) */
                           const EspNetworkOptions  *options,
                           GError                  **error);  /* a word that an option does not know: G_OPTION_ERROR, exit 2 */
void     esp_loaded_clear (EspLoaded                *loaded);
/* (transfer full): the network alone, as --dialect says. */
EspNetwork *esp_options_load_network (const char  *cfg,
                                      const char  *dialect, /* (nullable): auto */
                                      GError     **error);
/* --orientation alone, where no network runs. */
gboolean esp_options_orientation (const EspNetworkOptions *options,
                                  EspOrientation          *orientation, /* (out) */
                                  GError                 **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspLoaded, esp_loaded_clear)

G_END_DECLS
