// What of ECharts the console's charts use, and nothing else of it. Built to static/vendor/echarts.min.js.
export { init, use } from "echarts/core";
import { use } from "echarts/core";
import { BarChart, HeatmapChart, LineChart, SankeyChart, ScatterChart, TreeChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";

use([
  BarChart, HeatmapChart, LineChart, SankeyChart, ScatterChart, TreeChart,
  AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent,
  SVGRenderer,
]);
