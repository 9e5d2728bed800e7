// @camptocamp/ogc-client and @ogcapi-js/features against a server: prints what they read as JSON.
import { OgcApiEndpoint } from "@camptocamp/ogc-client";
import features from "@ogcapi-js/features";

const url = process.argv[2];
const endpoint = new OgcApiEndpoint(url + "/");
const collection = await endpoint.getCollectionInfo("grids");
const items = await endpoint.getCollectionItems("grids", 5, 10);
const service = new features.FeatureService({ baseUrl: url });
const asked = { limit: 7, bbox: [120.1, 30.1, 120.2, 30.2] };
const found = {
  title: (await endpoint.info).title,
  collections: await endpoint.featureCollections,
  crs: collection.crs,
  items: items.map((item) => item.id),
  tiles: await endpoint.vectorTileCollections,
  count: collection.itemCount ?? null,
  all: (await service.getFeatures("grids", { limit: 1 })).numberMatched,
  page: (await service.getFeatures("grids", asked)).numberMatched,
  one: (await service.getFeature("grids", "g1-1")).id,
};
console.log(JSON.stringify(found));
