/* decoded.h: the pictures of a data set as decoded, within a budget */
#pragma once

#include "dataset/dataset.h"

G_BEGIN_DECLS

/* One decoded picture: immutable, counted. */
typedef struct
{
  EspImage *image;
  float     mean[3]; /* 0..1 */
} EspDecoded;

EspDecoded *esp_decoded_ref        (EspDecoded     *decoded);
void        esp_decoded_unref      (EspDecoded     *decoded);

/* First come, first kept; what does not fit is decoded each time. Thread: any. */
typedef struct _EspDecodedStore EspDecodedStore;

EspDecodedStore *esp_decoded_store_new      (EspDataset       *dataset,
                                             EspOrientation    orientation,
                                             gsize             budget);  /* bytes */
void             esp_decoded_store_free     (EspDecodedStore  *store);
EspDecoded      *esp_decoded_store_get      (EspDecodedStore  *store,    /* (transfer full) */
                                             guint             index,
                                             GError          **error);
gsize            esp_decoded_store_get_used (EspDecodedStore  *store);   /* bytes that are kept */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspDecoded, esp_decoded_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspDecodedStore, esp_decoded_store_free)

G_END_DECLS
